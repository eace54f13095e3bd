import type { ClientBase } from 'pg';
import { errorCode } from '../../core/errors.ts';
import { markedFailures, markedOutcome, type MarkedFailure } from '../../core/marked-failures.ts';
import type { LoadFailure, LoadMark, LoadOutcome, ResultBatch } from '../../core/sink.ts';
import { quoteLiteral, quoteTable, type TableName } from '../../pg/identifier.ts';
import { textOf } from './row-fault.ts';

const marksTable = 'batchline_loads';

/** The table in which `insert` mode notes what it has loaded; beside the target, since both change in one transaction. */
export function marksOf(target: TableName): TableName {
  return { schema: target.schema, table: marksTable };
}

/**
 * `failures` are the rows of that part of the results that were not loaded, so that a load that is repeated after a
 * crash reports the same as the load that it repeats, even where columns were edited in between.
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

export function insertMark(marks: TableName, mark: LoadMark, kept: string | null): string {
  const values = [mark.runId, mark.place, mark.sha256].map(quoteLiteral);
  const failures = kept === null ? 'NULL' : quoteLiteral(kept);
  return `INSERT INTO ${quoteTable(marks)} (run_id, chunk, file_sha256, failures) VALUES (${values.join(', ')}, ${failures})`;
}

/** What a mark keeps of the rows that were not loaded, as JSON; null where all were. */
export function keptFailures(rows: ResultBatch, failures: readonly LoadFailure[]): string | null {
  const kept = markedFailures(rows, failures).map((failure) => mapTexts(failure, inAscii));
  return kept.length === 0 ? null : JSON.stringify(kept);
}

function mapTexts({ custom_id, code, message }: MarkedFailure, map: (text: string) => string): MarkedFailure {
  return { custom_id: map(custom_id), code, message: map(message) };
}

/** As jsonb can hold it in a database of any encoding. */
function inAscii(text: string): string {
  return text.toWellFormed().replaceAll(/[^ -~]+|%/g, encodeURIComponent);
}

function fromAscii(text: string): string {
  return text.replaceAll(/(?:%[0-9A-F]{2})+/g, decodeURIComponent);
}

/** Whether an error says that the mark stands there already. */
export function isMarked(error: unknown): boolean {
  return errorCode(error) === '23505' && textOf(error, 'table') === marksTable;
}

export async function keepFailures(
  client: ClientBase,
  marks: TableName,
  mark: LoadMark,
  kept: string | null,
): Promise<void> {
  await client.query(
    `UPDATE ${quoteTable(marks)} SET failures = $4 WHERE run_id = $1 AND chunk = $2 AND file_sha256 = $3`,
    [mark.runId, mark.place, mark.sha256, kept],
  );
}

/** Deletes marks of a run's loads with `place` in their name where the target is empty, and no row of them stands. */
export async function forgetLoads(
  client: ClientBase,
  target: TableName,
  runId: string,
  place: string,
): Promise<void> {
  const stale = `FROM ${quoteTable(marksOf(target))} WHERE run_id = $1 AND strpos(chunk, $2) > 0
    AND NOT EXISTS (SELECT FROM ${quoteTable(target)})`;
  // The right to delete is needed only where there is something to delete.
  const { rowCount } = await client.query(`SELECT ${stale} LIMIT 1`, [runId, place]);
  if (rowCount !== 0) await client.query(`DELETE ${stale}`, [runId, place]);
}

/** What came of the load that the mark stands for, as rows of the same part of the results. */
export async function earlierOutcome(
  client: ClientBase,
  marks: TableName,
  mark: LoadMark,
  batch: ResultBatch,
): Promise<Pick<LoadOutcome, 'failures' | 'standing'>> {
  const { rows } = await client.query<{ failures: readonly MarkedFailure[] | null }>(
    `SELECT failures FROM ${quoteTable(marks)} WHERE run_id = $1 AND chunk = $2 AND file_sha256 = $3`,
    [mark.runId, mark.place, mark.sha256],
  );
  const kept = (rows[0]?.failures ?? []).map((failure) => mapTexts(failure, fromAscii));
  return markedOutcome(kept, batch);
}
