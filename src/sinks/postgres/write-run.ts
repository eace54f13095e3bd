import type { ClientBase } from 'pg';
import type { RunRow } from '../../core/run-row.ts';
import type { TableName } from '../../pg/identifier.ts';
import { beginReadWrite } from '../../pg/transaction.ts';
import { createRuns, upsertRun } from '../runs/run-statements.ts';
import { createUnlessThere } from './create-table.ts';
import { findTarget } from './target.ts';

/** Writes a run's row in one transaction, making its table where it is missing. */
export async function writeRun(
  client: ClientBase,
  name: TableName,
  row: RunRow,
  isKept: boolean,
): Promise<void> {
  await client.query(beginReadWrite);
  let table = await findTarget(client, name, ['run_id']);
  // The right to create tables is needed only where there is none.
  if (table === null) {
    await createUnlessThere(client, createRuns(name));
    table = await findTarget(client, name, ['run_id']);
  }
  const columns = table?.columns;
  const { sql, values } = upsertRun(name, row, (column) => columns?.get(column)?.generated === false);
  await client.query(sql, values);
  await client.query(isKept ? 'COMMIT' : 'ROLLBACK');
}
