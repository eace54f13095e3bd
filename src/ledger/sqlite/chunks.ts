import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { chunkMoved } from '../chunk-moved.ts';
import { nextState, type ChunkEvent } from '../chunk-state.ts';
import type { AdoptedBatch, ChunkPatch, ChunkPlace, ChunkRecord, NewChunk } from '../chunk-record.ts';
import { toChunk } from './records.ts';
import * as sql from './statements.ts';
import { write, writeReturning } from './write.ts';

export function insertChunk(
  database: DatabaseSync,
  runId: string,
  chunk: NewChunk,
  origin: ChunkRecord['origin'],
): void {
  write(database, sql.insertChunk, { runId, origin, ...chunk });
}

export function selectChunk(database: DatabaseSync, runId: string, chunk: number): ChunkRecord | null {
  const row = database.prepare(sql.selectChunk).get({ runId, chunk });
  return row === undefined ? null : toChunk(row);
}

/** A chunk as it is now. */
export function requireChunk(database: DatabaseSync, { runId, chunk }: ChunkPlace): ChunkRecord {
  const found = selectChunk(database, runId, chunk);
  if (found === null) throw new Error(`Run ${runId} has no chunk ${chunk}.`);
  return found;
}

/** Adds a chunk made of rows that wait to be sent again, in the order given. */
export function insertRetryChunk(
  database: DatabaseSync,
  runId: string,
  chunk: NewChunk,
  customIds: readonly string[],
): void {
  insertChunk(database, runId, chunk, 'retry');
  const move = database.prepare(sql.moveUnfinishedRow);
  for (const [line, customId] of customIds.entries()) move.run({ runId, chunk: chunk.chunk, line, customId });
}

/** One statement, which compares and sets. @throws BatchlineError `chunk_moved` */
export function moveChunk(
  database: DatabaseSync,
  at: ChunkPlace,
  event: ChunkEvent,
  patch: ChunkPatch,
): ChunkRecord {
  const { assignments, values } = patchAssignments(patch);
  const [row] = writeReturning(database, sql.updateChunk(assignments), {
    ...placeValues(at, event),
    ...values,
  });
  if (row === undefined) throw chunkMoved(at);
  return toChunk(row);
}

/** To be called within a transaction. @throws BatchlineError `chunk_moved` */
export function adoptBatch(database: DatabaseSync, at: ChunkPlace, patch: AdoptedBatch): ChunkRecord | null {
  if (selectBatchRuns(database).has(patch.batchId)) return null;
  return moveChunk(database, at, 'create_succeeded', patch);
}

export function selectBatchRuns(database: DatabaseSync): ReadonlyMap<string, string> {
  const rows = database.prepare(sql.selectBatches).all();
  return new Map(rows.map((row) => [String(row['batchId']), String(row['runId'])]));
}

/** To be called within a transaction. @throws BatchlineError `chunk_moved` */
export function noteGone(database: DatabaseSync, at: ChunkPlace, part: string): void {
  const { runId, chunk, state, epoch } = at;
  const { results } = requireChunk(database, at);
  const noted = results.map((each) => (each.id === part ? { ...each, isGone: true } : each));
  const values = { runId, chunk, state, epoch, results: JSON.stringify(noted) };
  if (Number(database.prepare(sql.updateResults).run(values).changes) !== 1) throw chunkMoved(at);
}

/** The parameters by which a statement moves a chunk from where it was seen; without an event it stays there. */
export function placeValues(at: ChunkPlace, event: ChunkEvent | null): Record<string, SQLInputValue> {
  const { runId, chunk, state, epoch } = at;
  return { runId, chunk, state, epoch, next: event === null ? state : nextState(state, event) };
}

const patchColumns: Readonly<Record<keyof ChunkPatch, string>> = {
  attempt: 'attempt',
  unexplained: 'unexplained',
  stored: 'stored',
  batchId: 'batch_id',
  batchStatus: 'batch_status',
  results: 'results',
  expiresAt: 'expires_at',
  account: 'account',
  reported: 'reported',
  lane: 'lane',
  inDoubt: 'in_doubt',
};

/** The columns that a patch sets, as `, column = :key` each, with their values. */
function patchAssignments(patch: ChunkPatch): {
  readonly assignments: string;
  readonly values: Record<string, SQLInputValue>;
} {
  const { results, ...rest } = patch;
  const flat = { ...rest, ...(results === undefined ? {} : { results: JSON.stringify(results) }) };
  const keys = (Object.keys(patchColumns) as (keyof ChunkPatch)[]).filter((key) => flat[key] !== undefined);
  return {
    assignments: keys.map((key) => `, ${patchColumns[key]} = :${key}`).join(''),
    values: Object.fromEntries(keys.map((key) => [key, flat[key] ?? null])),
  };
}
