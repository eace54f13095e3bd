import type { DuckDBListValue, DuckDBValue } from '@duckdb/node-api';
import type { LoadFailure, ResultBatch } from '../../core/sink.ts';
import type { Value } from '../../core/value.ts';
import { loadDuckdb, type DuckApi } from '../../duckdb/load-duckdb.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { convertCell, encodeRows, refuse, type RefusedRow } from '../../pg/copy-column.ts';
import { ValueFault } from '../../pg/value-fault.ts';
import { valuesOf, type LoadPlan } from './load-plan.ts';
import { floatsOf, type StagedColumn } from './staged-column.ts';

/** The most rows that DuckDB takes in one chunk. */
const chunkRows = 2048;
/** About how many numbers of vectors one chunk takes. */
const chunkNumbers = 1 << 16;

/** Rows that are ready to be staged: an array a column, the row's place in its batch first. */
export interface StagedRows {
  readonly cells: readonly DuckDBValue[][];
  readonly refused: readonly LoadFailure[];
  /** Rows in which NUL or lone surrogates were replaced. */
  readonly cleaned: number;
}

/** Converts a batch, without the rows that hold a value which its column cannot take. */
export async function convertRows(plan: LoadPlan, rows: ResultBatch): Promise<StagedRows> {
  const api = await loadDuckdb();
  const cells: DuckDBValue[][] = [[], ...plan.columns.map(() => [])];
  const values = valuesOf(plan, rows);
  const account = encodeRows(
    { length: rows.length, columns: plan.columns, values, cleaner: plan.cleaner, without: new Set() },
    (row) => convertRow(api, plan, values, row, cells),
  );
  return { cells, ...account };
}

function convertRow(
  api: DuckApi,
  plan: LoadPlan,
  values: readonly (readonly Value[])[],
  row: number,
  cells: readonly DuckDBValue[][],
): RefusedRow | null {
  const converted: DuckDBValue[] = [row];
  for (const [index, column] of plan.columns.entries()) {
    const cell = stagedCell(api, column, values[index]?.[row] ?? null);
    if (cell instanceof ValueFault) return refuse(row, column, cell);
    converted.push(cell);
  }
  for (const [index, cell] of converted.entries()) cells[index]?.push(cell);
  return null;
}

function stagedCell(api: DuckApi, column: StagedColumn, value: Value): DuckDBValue | ValueFault {
  if (column.storage === 'VARCHAR' || value === null) return convertCell(column, value);
  const floats = floatsOf(column, value);
  return floats instanceof ValueFault ? floats : listOf(api, floats);
}

/** A vector's numbers are read by index from where they are, since a copy to a list costs more than all the rest. */
function listOf(api: DuckApi, floats: Exclude<ReturnType<typeof floatsOf>, ValueFault>): DuckDBListValue {
  return new api.DuckDBListValue(floats as readonly DuckDBValue[]);
}

/** The name by which the staged rows are known, and that of a column among them. */
export const staged = 'staged';

export function stagedCellName(index: number): string {
  return `c${index}`;
}

/** Puts rows into a temporary table of the session, in place of those of the last batch. */
export async function stageRows(session: DuckSession, plan: LoadPlan, { cells }: StagedRows): Promise<void> {
  const columns = plan.columns.map(({ storage }, index) => `${stagedCellName(index)} ${storage}`);
  await session.run(`CREATE OR REPLACE TEMP TABLE ${staged} (${['place INTEGER', ...columns].join(', ')})`);
  const api = await loadDuckdb();
  const types = plan.columns.map(({ storage }) => storageType(api, storage));
  await appendRows(session, staged, [api.INTEGER, ...types], cells);
}

function storageType(api: DuckApi, storage: StagedColumn['storage']) {
  if (storage === 'VARCHAR') return api.VARCHAR;
  return api.LIST(storage === 'FLOAT[]' ? api.FLOAT : api.DOUBLE);
}

type DuckType = Parameters<DuckApi['DuckDBDataChunk']['create']>[0][number];

/**
 * Appends columns of cells to a temporary table, by way of one small chunk: the memory of a chunk is DuckDB's, and free
 * only when JavaScript's garbage is collected, which knows nothing of its size.
 */
export async function appendRows(
  session: DuckSession,
  table: string,
  types: readonly DuckType[],
  cells: readonly DuckDBValue[][],
): Promise<void> {
  const { DuckDBDataChunk } = await loadDuckdb();
  const count = cells[0]?.length ?? 0;
  const rows = rowsAtOnce(cells);
  const chunk = DuckDBDataChunk.create(types);
  const appender = await session.connection.createAppender(table, 'main', 'temp');
  try {
    for (let from = 0; from < count; from += rows) {
      chunk.reset();
      chunk.setColumns(cells.map((column) => column.slice(from, from + rows)));
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

function rowsAtOnce(cells: readonly DuckDBValue[][]): number {
  const widest = Math.max(1, ...cells.map((column) => listLength(column.find((cell) => cell !== null))));
  return Math.max(1, Math.min(chunkRows, Math.floor(chunkNumbers / widest)));
}

function listLength(cell: DuckDBValue | undefined): number {
  return typeof cell === 'object' && cell !== null && 'items' in cell ? cell.items.length : 0;
}
