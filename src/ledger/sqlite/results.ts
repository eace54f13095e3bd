import type { DatabaseSync } from 'node:sqlite';
import type { ChunkOutcome, ReloadOutcome } from '../ledger.ts';
import { outcomeValues, unfinishedValues } from './records.ts';
import { deleteFailures, insertFailures } from './failed-rows.ts';
import * as follow from './followers.ts';
import * as sql from './statements.ts';

/** To be called within a transaction, as all functions here. */
export function recordOutcome(
  database: DatabaseSync,
  runId: string,
  chunk: number,
  outcome: ChunkOutcome,
): void {
  const { ok, usage, recovered, failures, unfinished, followers } = outcome;
  database.prepare(sql.addTokenUsage).run({ runId, chunk, ok, reported: usage.input });
  database.prepare(sql.updateChunkOutcome).run({ runId, chunk, ...outcomeValues(outcome) });
  // The rows that this chunk carried are done with, save those that are to be sent once more.
  database.prepare(sql.settleSentRows).run({ runId, chunk });
  deleteFailures(database, runId, recovered);
  insertFailures(database, runId, failures);
  if (followers) follow.addTo(database, runId, chunk, followers);
  const insert = database.prepare(sql.insertUnfinishedRow);
  for (const row of unfinished) insert.run({ runId, ...unfinishedValues(row) });
}

export function recordReload(
  database: DatabaseSync,
  runId: string,
  chunk: number,
  { rowStates, ok, cleaned, recovered, failures, followers }: ReloadOutcome,
): void {
  database.prepare(sql.updateReloadedChunk).run({ runId, chunk, rowStates, ok, cleaned });
  deleteFailures(database, runId, recovered);
  insertFailures(database, runId, failures);
  if (followers) follow.addTo(database, runId, chunk, followers);
}
