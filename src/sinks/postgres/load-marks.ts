import type { ClientBase } from 'pg';
import { errorCode } from '../../core/errors.ts';
import type { LoadFailure, LoadMark } from '../../core/sink.ts';
import { quoteLiteral, quoteTable, type TableName } from '../../pg/identifier.ts';
import { textOf } from './row-fault.ts';

const marksTable = 'batchline_loads';

interface MarkedFailure {
  readonly custom_id: string;
  readonly code: string;
  readonly message: string;
}

/** The table in which `insert` mode notes what it has loaded; beside the target, since both change in one transaction. */
export function marksOf(target: TableName): TableName {
  return { schema: target.schema, table: marksTable };
}

/**
 * `failures` are the rows that the server refused, so that a load that is repeated after a crash reports the same as
 * the load that it repeats.
 */
export function createMarks(marks: TableName): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(marks)} (
    run_id text NOT NULL,
    chunk text NOT NULL,
    file_sha256 text NOT NULL,
    failures jsonb,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, chunk, file_sha256))`;
}

export function insertMark(marks: TableName, mark: LoadMark): string {
  const values = [mark.runId, mark.chunk, mark.sha256].map(quoteLiteral);
  return `INSERT INTO ${quoteTable(marks)} (run_id, chunk, file_sha256) VALUES (${values.join(', ')})`;
}

/** Whether an error says that the mark stands there already. */
export function isMarked(error: unknown): boolean {
  return errorCode(error) === '23505' && textOf(error, 'table') === marksTable;
}

export async function keepFailures(
  client: ClientBase,
  marks: TableName,
  mark: LoadMark,
  failures: readonly LoadFailure[],
  customIds: readonly string[],
): Promise<void> {
  const kept = failures.map(({ row, code, message }) => ({ custom_id: customIds[row] ?? '', code, message }));
  await client.query(
    `UPDATE ${quoteTable(marks)} SET failures = $4 WHERE run_id = $1 AND chunk = $2 AND file_sha256 = $3`,
    [mark.runId, mark.chunk, mark.sha256, JSON.stringify(kept)],
  );
}

/** The failures of the load that the mark stands for, as rows of the same batch. */
export async function failuresOf(
  client: ClientBase,
  marks: TableName,
  mark: LoadMark,
  customIds: readonly string[],
): Promise<readonly LoadFailure[]> {
  const { rows } = await client.query<{ failures: readonly MarkedFailure[] | null }>(
    `SELECT failures FROM ${quoteTable(marks)} WHERE run_id = $1 AND chunk = $2 AND file_sha256 = $3`,
    [mark.runId, mark.chunk, mark.sha256],
  );
  const rowOf = new Map(customIds.map((id, row) => [id, row]));
  return (rows[0]?.failures ?? []).flatMap(({ custom_id: id, code, message }) => {
    const row = rowOf.get(id);
    return row === undefined ? [] : [{ row, code, message }];
  });
}
