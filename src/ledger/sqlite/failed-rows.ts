import { DatabaseSync } from 'node:sqlite';
import type { FailedRow } from '../failed-row.ts';
import type { UnfinishedRow } from '../unfinished-row.ts';
import { toFailedRow, toUnfinishedRow } from './records.ts';
import * as sql from './statements.ts';

/** Records rows that failed for good; a row that is recorded already gets its newest reason. */
export function insertFailures(database: DatabaseSync, runId: string, failures: Iterable<FailedRow>): void {
  const insert = database.prepare(sql.insertFailedRow);
  for (const row of failures) {
    insert.run({
      runId,
      ...row,
      key: JSON.stringify(row.key),
      sameAs: row.sameAs ?? null,
      blame: row.blame ?? 'row',
    });
  }
}

/** Forgets failures of rows that have succeeded after all. */
export function deleteFailures(database: DatabaseSync, runId: string, customIds: readonly string[]): void {
  const remove = database.prepare(sql.deleteFailedRow);
  for (const customId of customIds) remove.run({ runId, customId });
}

/** Puts rows that had failed for good into a chunk, in the order given, as if they had never been sent. */
export function reopenFailures(
  database: DatabaseSync,
  to: { readonly runId: string; readonly chunk: number; readonly at: number },
  customIds: readonly string[],
): void {
  const reopen = database.prepare(sql.reopenRow);
  for (const [line, customId] of customIds.entries()) reopen.run({ ...to, line, customId });
  deleteFailures(database, to.runId, customIds);
}

/**
 * Reads by a connection of its own: one that still reads what was before cannot write what comes after.
 *
 * @param path of the ledger file
 */
export async function* readFailures(path: string, runId: string): AsyncGenerator<FailedRow> {
  using reading = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  for (const row of reading.prepare(sql.selectFailedRows).iterate({ runId })) yield toFailedRow(row);
}

/** The rows that wait to be sent again, read in the same way. */
export async function* readWaiting(path: string, runId: string): AsyncGenerator<UnfinishedRow> {
  using reading = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  const all = -1;
  for (const row of reading.prepare(sql.selectUnfinishedRows).iterate({ runId, limit: all }))
    yield toUnfinishedRow(row);
}

/** Of these requests, those that failed in an earlier run of the pipeline by their own fault. */
export function selectRemembered(
  database: DatabaseSync,
  pipeline: string,
  customIds: readonly string[],
  hashes: readonly string[],
): ReadonlySet<string> {
  const select = database.prepare(sql.selectRememberedFailure);
  const remembered = customIds.filter(
    (customId, index) => select.get({ pipeline, customId, hash: hashes[index] ?? '' }) !== undefined,
  );
  return new Set(remembered);
}
