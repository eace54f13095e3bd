import type { DuckDBDataChunk, DuckDBValue, DuckDBVector } from '@duckdb/node-api';
import { longestRow, rowTooLarge } from '../../core/longest-row.ts';
import type { Field, Value } from '../../core/value.ts';
import { toWire, type WireText } from '../../core/wire-text.ts';
import { WholeRows } from '../../core/whole-rows.ts';
import type { ColumnType } from './column-type.ts';

/** The columns of a result, and what is made of them. */
export interface ResultLayout {
  readonly fields: readonly Field[];
  /** For each field its type and its column; no column for the record's number. */
  readonly columns: readonly ResultColumn[];
  /** The same for each part of the key. */
  readonly key: readonly ResultColumn[];
  /** The column of the rows' sizes; null where none is large. */
  readonly sizes: number | null;
  /** What is read, for messages: `tickets`, `the query`. */
  readonly origin: string;
}

export interface ResultColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly column: number | null;
}

/** What is yielded at a time, so that not all requests of a chunk of large rows are held at once. */
const batchBytes = 4_000_000;

/** Where rows stand in a chunk. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Some rows of a chunk of a result, in DuckDB's own columns; values are read when they are asked for. */
export class DuckdbBatch extends WholeRows {
  readonly fields: readonly Field[];
  readonly length: number;
  readonly #layout: ResultLayout;
  readonly #vectors: readonly DuckDBVector[];
  readonly #sizes: readonly number[];
  readonly #from: number;
  readonly #firstRecord: number;

  private constructor(
    layout: ResultLayout,
    vectors: readonly DuckDBVector[],
    sizes: readonly number[],
    { from, to }: Stretch,
    firstRecord: number,
  ) {
    super();
    this.fields = layout.fields;
    this.length = to - from;
    this.#layout = layout;
    this.#vectors = vectors;
    this.#sizes = sizes;
    this.#from = from;
    this.#firstRecord = firstRecord;
  }

  /** The rows of a chunk. @param firstRecord the number of its first row's record */
  static *of(layout: ResultLayout, chunk: DuckDBDataChunk, firstRecord: number): Generator<DuckdbBatch> {
    const vectors = Array.from({ length: chunk.columnCount }, (_, column) => chunk.getColumnVector(column));
    const sizes = layout.sizes === null ? [] : sizesOf(vectors[layout.sizes], chunk.rowCount);
    for (const stretch of stretches(sizes, chunk.rowCount))
      yield new DuckdbBatch(layout, vectors, sizes, stretch, firstRecord + stretch.from);
  }

  override record(row: number): number {
    return this.#firstRecord + row;
  }

  override position(row: number): string {
    const key = this.#layout.key.map(({ name }, part) => {
      const text = this.#keyText(row, part);
      return text === null ? `${name} is null` : `${name} = ${text}`;
    });
    return `record ${this.record(row)} of ${this.#layout.origin} (${key.join(', ')})`;
  }

  override keyPart(row: number, part: number): WireText | null {
    const text = this.#keyText(row, part);
    return text === null ? null : toWire(text);
  }

  override value(row: number, field: number): Value {
    const column = this.#layout.columns[field];
    if (column === undefined) return null;
    const bytes = this.#sizes[this.#from + row] ?? 0;
    if (bytes > longestRow) throw rowTooLarge(bytes);
    const cell = this.#cell(row, column);
    return cell === null ? null : column.type.value(cell);
  }

  override printed(row: number, field: number): WireText {
    const column = this.#layout.columns[field];
    if (column?.type.kind === 'integer') return String(this.#cell(row, column) ?? '') as WireText;
    return super.printed(row, field);
  }

  override json(row: number, field: number): WireText {
    const column = this.#layout.columns[field];
    if (column?.type.kind === 'integer') return String(this.#cell(row, column)) as WireText;
    return super.json(row, field);
  }

  #keyText(row: number, part: number): string | null {
    const column = this.#layout.key[part];
    const cell = column === undefined ? null : this.#cell(row, column);
    return cell === null ? null : (column?.type.keyText?.(cell) ?? null);
  }

  #cell(row: number, { column }: ResultColumn): DuckDBValue {
    return column === null ? this.record(row) : (this.#vectors[column]?.getItem(this.#from + row) ?? null);
  }
}

function sizesOf(vector: DuckDBVector | undefined, rows: number): readonly number[] {
  return Array.from({ length: rows }, (_, row) => Number(vector?.getItem(row) ?? 0));
}

/** Cuts a chunk where the rows so far are large enough; those that are too large are not read. */
function* stretches(sizes: readonly number[], rows: number): Generator<Stretch> {
  let from = 0;
  let bytes = 0;
  for (const [row, size] of sizes.entries()) {
    bytes += size > longestRow ? 0 : size;
    if (bytes < batchBytes) continue;
    yield { from, to: row + 1 };
    from = row + 1;
    bytes = 0;
  }
  if (from < rows) yield { from, to: rows };
}
