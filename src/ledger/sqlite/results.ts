import type { DatabaseSync } from 'node:sqlite';
import { chunkMoved } from '../chunk-moved.ts';
import type { ChunkRecord } from '../chunk-record.ts';
import type { PlacedOutcome, ReloadOutcome } from '../ledger.ts';
import { addAnswered } from './answers.ts';
import { placeValues, requireChunk } from './chunks.ts';
import { outcomeValues, unfinishedValues } from './records.ts';
import { deleteFailures, insertFailures } from './failed-rows.ts';
import * as follow from './followers.ts';
import * as sql from './statements.ts';

/**
 * To be called within a transaction, as all functions here.
 *
 * @throws BatchlineError `chunk_moved` where the chunk is no longer at that place
 */
export function recordOutcome(database: DatabaseSync, { at, outcome }: PlacedOutcome): ChunkRecord {
  const { runId, chunk } = at;
  const { event, ok, usage, recovered, failures, unfinished, followers, answers } = outcome;
  database.prepare(sql.addTokenUsage).run({ runId, chunk, ok, reported: usage.input });
  const values = { ...placeValues(at, event), ...outcomeValues(outcome) };
  if (Number(database.prepare(sql.updateChunkOutcome).run(values).changes) !== 1) throw chunkMoved(at);
  // The rows that this chunk carried are done with, save those that are to be sent once more. Where some were held,
  // those others wait already.
  if (at.state !== 'held') database.prepare(sql.settleSentRows).run({ runId, chunk });
  deleteFailures(database, runId, recovered);
  insertFailures(database, runId, failures);
  if (followers) follow.addTo(database, runId, chunk, followers);
  if (answers) addAnswered(database, runId, answers);
  const insert = database.prepare(sql.insertUnfinishedRow);
  for (const row of unfinished) insert.run({ runId, ...unfinishedValues(row) });
  return requireChunk(database, at);
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
