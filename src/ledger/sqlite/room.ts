import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { chunkMoved } from '../chunk-moved.ts';
import type { RefusedRoom, ClaimedRoom, RoomClaim, RoomScope } from '../room-ledger.ts';
import {
  decideRoom,
  learnFromRefusal,
  type EnqueuedBatch,
  type LearnedCap,
  type RoomState,
  type WantedRoom,
} from '../room.ts';
import { placeValues, requireChunk } from './chunks.ts';
import * as sql from './statements.ts';

const hourMs = 3_600_000;
/** A limit may be raised; what a refusal taught is forgotten after this long. */
const learnedForMs = 24 * hourMs;
/** A batch that the provider gives no end has ended after this long. */
const longestBatchMs = 25 * hourMs;
/** The estimate is never corrected below half of itself. */
const leastPerEstimate = 0.5;

/** What is known of an account's room. */
export function selectRoom(database: DatabaseSync, scope: RoomScope, now: number): RoomState {
  const { account, model, limits } = scope;
  const creates = database.prepare(sql.countCreates).get({ account, since: now - hourMs });
  return {
    limits,
    learned: selectLearned(database, scope, now),
    tokensPerEstimate: selectTokensPerEstimate(database, model),
    enqueued: database
      .prepare(sql.selectEnqueued)
      .all({ account, model, now, longest: longestBatchMs })
      .map(toEnqueued),
    createdLastHour: Number(creates?.['creates'] ?? 0),
  };
}

/** Writes the intent, if there is room. To be called within a transaction. */
export function claim(database: DatabaseSync, { wanted, ...asked }: RoomClaim): ClaimedRoom {
  const { account, now } = asked;
  const decision = decideRoom(selectRoom(database, asked, now), wanted);
  if (decision.kind !== 'take') return { decision, chunk: null };
  intend(database, asked, wanted);
  database.prepare(sql.deleteOldCreates).run({ since: now - hourMs });
  database.prepare(sql.insertCreate).run({ account, now });
  return { decision, chunk: requireChunk(database, asked) };
}

function intend(database: DatabaseSync, asked: Omit<RoomClaim, 'wanted'>, { inputs }: WantedRoom): void {
  const { account, model, now } = asked;
  const values = { ...placeValues(asked, 'create_intended'), account, model, inputs, now };
  const { changes } = database.prepare(sql.intendCreate).run(values);
  if (Number(changes) !== 1) throw chunkMoved(asked);
}

/** Keeps what a refusal teaches. To be called within a transaction. */
export function learn(database: DatabaseSync, refused: RefusedRoom): RoomState {
  const { account, model, runId, chunk, statedLimit, now } = refused;
  const state = selectRoom(database, refused, now);
  const others = state.enqueued.filter((batch) => batch.runId !== runId || batch.chunk !== chunk);
  const beside = { ...state, enqueued: others };
  const intent = database.prepare(sql.selectIntent).get({ runId, chunk });
  const tokens = Number(intent?.['tokens'] ?? 0);
  const submittedAt = Number(intent?.['intendedAt'] ?? 0);
  const learned = learnFromRefusal(beside, { statedLimit, submittedAt, tokens }, now);
  if (learned === null) return beside;
  const configured = configuredOf(refused);
  const isStated = learned.isStated ? 1 : 0;
  database.prepare(sql.upsertTokenCap).run({ account, model, configured, ...learned, isStated });
  return { ...beside, learned };
}

function selectLearned(database: DatabaseSync, scope: RoomScope, now: number): LearnedCap | null {
  const { account, model } = scope;
  const configured = configuredOf(scope);
  const row = database
    .prepare(sql.selectTokenCap)
    .get({ account, model, configured, since: now - learnedForMs });
  if (row === undefined) return null;
  return {
    tokens: Number(row['tokens']),
    isStated: row['isStated'] === 1,
    changedAt: Number(row['changedAt']),
  };
}

/** What was learned belongs to the limit that was set meanwhile: setting another one begins anew. */
function configuredOf({ limits }: RoomScope): number {
  return limits.tokens ?? 0;
}

function selectTokensPerEstimate(database: DatabaseSync, model: string): number {
  const row = database.prepare(sql.selectTokenUsage).get({ model });
  if (row === undefined) return 1;
  return Math.max(leastPerEstimate, Number(row['reported']) / Number(row['estimated']));
}

function toEnqueued(row: Readonly<Record<string, SQLOutputValue>>): EnqueuedBatch {
  return {
    runId: String(row['runId']),
    chunk: Number(row['chunk']),
    batchId: row['batchId'] === null ? null : String(row['batchId']),
    tokens: Number(row['tokens']),
    inputs: Number(row['inputs']),
  };
}
