import type { DatabaseSync } from 'node:sqlite';
import { nextState } from '../chunk-state.ts';
import type { ChunkOutcome, ReloadOutcome } from '../ledger.ts';
import { selectChunk } from './chunks.ts';
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
  const { event, ok, usage, recovered, failures, unfinished, followers } = outcome;
  const before = selectChunk(database, runId, chunk);
  if (before === null) throw new Error(`Run ${runId} has no chunk ${chunk}.`);
  const next = event === null ? before.state : nextState(before.state, event);
  database.prepare(sql.addTokenUsage).run({ runId, chunk, ok, reported: usage.input });
  database.prepare(sql.updateChunkOutcome).run({ runId, chunk, next, ...outcomeValues(outcome) });
  // The rows that this chunk carried are done with, save those that are to be sent once more. Where some were held,
  // those others wait already.
  if (before.state !== 'held') database.prepare(sql.settleSentRows).run({ runId, chunk });
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
