import type { DatabaseSync } from 'node:sqlite';
import type { FollowerCommit, FollowersOutcome } from '../follower-ledger.ts';
import * as sql from './follower-statements.ts';
import type { FailedRow } from '../failed-row.ts';
import { toFailedRow } from './records.ts';
import { deleteFailures, insertFailures } from './failed-rows.ts';

/** To be called within a transaction, as all functions here that write. */
export function advance(database: DatabaseSync, runId: string, added: FollowerCommit): void {
  const { rows, bytes } = added;
  database.prepare(sql.advanceFollowers).run({ runId, rows, bytes });
}

export function reset(database: DatabaseSync, runId: string): void {
  database.prepare(sql.resetFollowers).run({ runId });
}

/** Adds what became of followers to the chunk of their leaders. */
export function addTo(
  database: DatabaseSync,
  runId: string,
  chunk: number,
  { ok, cleaned, recovered, failures }: FollowersOutcome,
): void {
  database.prepare(sql.updateFollowed).run({ runId, chunk, ok, cleaned });
  deleteFailures(database, runId, recovered);
  insertFailures(database, runId, failures);
}

export function mark(database: DatabaseSync, runId: string, chunk: number): void {
  database.prepare(sql.markFollowed).run({ runId, chunk });
}

export function selectOwnFailures(
  database: DatabaseSync,
  runId: string,
  chunk: number,
): readonly FailedRow[] {
  return database.prepare(sql.selectOwnFailures).all({ runId, chunk }).map(toFailedRow);
}

/** The followers of a row that is sent again are pending as it is. */
export function reopen(database: DatabaseSync, runId: string, customIds: readonly string[]): void {
  const remove = database.prepare(sql.deleteFailedFollowers);
  for (const customId of customIds) remove.run({ runId, customId });
}
