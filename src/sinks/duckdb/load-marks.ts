import { markedFailures, markedOutcome, type MarkedFailure } from '../../core/marked-failures.ts';
import type { LoadFailure, LoadMark, LoadOutcome, ResultBatch } from '../../core/sink.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { quoteTable, type TableName } from '../../pg/identifier.ts';

const marksTable = 'batchline_loads';

/** The table that notes what was loaded; beside the target, since both change in one transaction. */
export function marksOf(target: TableName): TableName {
  return { schema: target.schema, table: marksTable };
}

/**
 * `failures` are the rows of that part of the results that were not loaded, so that a load that is repeated after a
 * crash reports the same as the load that it repeats, even where columns were edited in between.
 */
export function createMarks(marks: TableName): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(marks)} (
    run_id VARCHAR NOT NULL,
    chunk VARCHAR NOT NULL,
    file_sha256 VARCHAR NOT NULL,
    failures JSON NOT NULL,
    loaded_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, chunk, file_sha256))`;
}

/** The statement that notes a load, with the rows of its part of the results that were not loaded. */
export function insertMark(
  marks: TableName,
  mark: LoadMark,
  rows: ResultBatch,
  failures: readonly LoadFailure[],
): string {
  const kept = JSON.stringify(markedFailures(rows, failures));
  const values = [mark.runId, mark.place, mark.sha256, kept].map(textLiteral);
  return `INSERT INTO ${quoteTable(marks)} (run_id, chunk, file_sha256, failures) VALUES (${values.join(', ')})`;
}

/** Deletes marks of a run's loads with `place` in their name where the target is empty, and no row of them stands. */
export async function forgetLoads(
  session: DuckSession,
  target: TableName,
  runId: string,
  place: string,
): Promise<void> {
  await session.run(`DELETE FROM ${quoteTable(marksOf(target))}
    WHERE run_id = ${textLiteral(runId)} AND strpos(chunk, ${textLiteral(place)}) > 0
      AND NOT EXISTS (SELECT 1 FROM ${quoteTable(target)})`);
}

/** What came of a load that was made already, as rows of the same part of the results; null where it was not. */
export async function earlierOutcome(
  session: DuckSession,
  marks: TableName,
  mark: LoadMark,
  rows: ResultBatch,
): Promise<Pick<LoadOutcome, 'failures' | 'standing'> | null> {
  const [found] = await session.rows<[string]>(
    `SELECT failures::VARCHAR FROM ${quoteTable(marks)} WHERE run_id = $1 AND chunk = $2 AND file_sha256 = $3`,
    [mark.runId, mark.place, mark.sha256],
  );
  if (found === undefined) return null;
  return markedOutcome(JSON.parse(found[0]) as readonly MarkedFailure[], rows);
}
