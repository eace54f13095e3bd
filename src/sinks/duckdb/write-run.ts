import type { RunRow } from '../../core/run-row.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import type { TableName } from '../../pg/identifier.ts';
import { createRuns, upsertRun } from '../runs/run-statements.ts';
import { findTarget } from './target.ts';

/** Writes a run's row in one transaction, making its table where it is missing. */
export async function writeRun(
  session: DuckSession,
  name: TableName,
  row: RunRow,
  isKept: boolean,
): Promise<void> {
  await session.run('BEGIN TRANSACTION');
  await session.run(createRuns(name));
  const columns = (await findTarget(session, name))?.columns;
  const { sql, values } = upsertRun(name, row, (column) => columns?.has(column) === true);
  await session.rows(sql, values);
  await session.run(isKept ? 'COMMIT' : 'ROLLBACK');
}
