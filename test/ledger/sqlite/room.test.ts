import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChunkOutcome, Ledger } from '../../../src/ledger/ledger.ts';
import type { RoomClaim, RoomScope } from '../../../src/ledger/room-ledger.ts';
import { moveChunk } from '../move-chunk.ts';
import { openSqliteLedger } from '../../../src/ledger/sqlite/open-ledger.ts';
import { noCost } from '../../../src/ledger/cost.ts';

const hour = 3_600_000;
const day = 24 * hour;
const now = 1_800_000_000_000;
const limits = { tokens: 100, inputs: 1_000_000, batchesAnHour: 3 };
const scope: RoomScope = { account: 'mine', model: 'gpt', limits };
const unlimited: RoomScope = { ...scope, limits: { ...limits, tokens: null } };
const noCounts = { records: 0, read: 0, filtered: 0, skipped: 0 };
let folder: string;
let ledger: Ledger;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batchline-room-'));
  ledger = await openSqliteLedger(folder);
});
afterEach(async () => {
  await ledger[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A run with an uploaded chunk of so many tokens for each number given. */
async function createRun(runId: string, ...tokens: readonly number[]): Promise<void> {
  await ledger.createRun({
    runId,
    pipeline: runId,
    kind: 'run',
    fingerprint: '',
    fingerprintParts: {},
    folder,
    target: 't',
    path: 'p.yaml',
    schema: { fields: [], keyFields: [] },
    startedAt: 0,
  });
  for (const [index, each] of tokens.entries()) {
    const chunk = { chunk: index + 1, requests: 10, bytes: 1, tokens: each, sha256: '' };
    await ledger.commitReading(runId, { chunk, cursor: null, counts: noCounts, failures: [] });
    await moveChunk(ledger, { runId, chunk: chunk.chunk }, ['upload_skipped']);
  }
}

async function claim(runId: string, chunk: number, tokens: number, changes: Partial<RoomClaim> = {}) {
  const wanted = { requests: 10, tokens, inputs: 0 };
  const at = { runId, chunk, state: 'uploaded', epoch: 0 } as const;
  const { decision, chunk: claimed } = await ledger.claimRoom({ ...scope, ...at, wanted, now, ...changes });
  expect(claimed?.state ?? null).toBe(decision.kind === 'take' ? 'creating' : null);
  return decision;
}

async function submit(runId: string, chunk: number, expiresAt: number | null = null): Promise<void> {
  await moveChunk(ledger, { runId, chunk }, ['create_succeeded'], { batchId: `batch-${chunk}`, expiresAt });
}

describe('room in the ledger', () => {
  it('is taken with the intent, by whichever run asks first, and by nobody beyond the limit', async () => {
    await createRun('a', 60);
    await createRun('b', 50, 40);
    expect(await claim('a', 1, 60)).toEqual({ kind: 'take' });
    expect(await ledger.chunk('a', 1)).toMatchObject({ state: 'creating', account: 'mine' });
    expect(await claim('b', 1, 50)).toEqual({ kind: 'wait', for: 'tokens', used: 60, limit: 100 });
    expect(await ledger.chunk('b', 1)).toMatchObject({ state: 'uploaded', account: null });
    expect(await claim('b', 2, 40)).toEqual({ kind: 'take' });
  });

  it('is not taken for a chunk that has moved on meanwhile', async () => {
    await createRun('a', 60);
    await claim('a', 1, 60, unlimited);
    await expect(claim('a', 1, 60, unlimited)).rejects.toMatchObject({ code: 'chunk_moved' });
    expect((await ledger.roomState(unlimited, now)).createdLastHour).toBe(1);
  });

  it('is apart for each account and each model, but for embedding inputs and batches an hour', async () => {
    await createRun('a', 60, 60, 60, 60);
    expect(await claim('a', 1, 60)).toEqual({ kind: 'take' });
    expect(await claim('a', 2, 60, { model: 'other' })).toEqual({ kind: 'take' });
    expect(await claim('a', 3, 60, { account: 'theirs' })).toEqual({ kind: 'take' });
    const { enqueued, createdLastHour } = await ledger.roomState(scope, now);
    expect(enqueued.map(({ tokens }) => tokens)).toEqual([60, 0]);
    expect(createdLastHour).toBe(2);
    expect((await ledger.roomState(scope, now + hour + 1)).createdLastHour).toBe(0);
  });

  it('holds batches created in an hour to their limit', async () => {
    await createRun('a', 1, 1, 1, 1);
    for (const chunk of [1, 2, 3]) expect(await claim('a', chunk, 1)).toEqual({ kind: 'take' });
    expect(await claim('a', 4, 1)).toMatchObject({ kind: 'wait', for: 'batches_an_hour' });
    expect(await claim('a', 4, 1, { now: now + hour + 1 })).toEqual({ kind: 'take' });
  });

  it('is free again when the batch has ended, has expired, or is noted to have ended', async () => {
    await createRun('a', 30, 30, 30);
    for (const chunk of [1, 2, 3]) await claim('a', chunk, 30);
    await submit('a', 1);
    await submit('a', 2, now + day);
    await submit('a', 3, now + day);
    const taken = async (at = now) => (await ledger.roomState(scope, at)).enqueued.map(({ chunk }) => chunk);
    expect(await taken()).toEqual([1, 2, 3]);
    await moveChunk(ledger, { runId: 'a', chunk: 1 }, ['batch_ended']);
    expect(await taken()).toEqual([2, 3]);
    await ledger.noteBatchStatus('a', 2, 'completed');
    expect(await taken()).toEqual([3]);
    expect(await taken(now + day)).toEqual([]);
  });

  it('counts a batch of which nothing more was heard for somewhat longer than a day', async () => {
    await createRun('a', 30);
    await claim('a', 1, 30);
    expect((await ledger.roomState(scope, now + day)).enqueued).toHaveLength(1);
    expect((await ledger.roomState(scope, now + 2 * day)).enqueued).toHaveLength(0);
  });
});

const learn = (statedLimit: number, at: number, of: RoomScope = unlimited) =>
  ledger.learnFromRefusal({ ...of, runId: 'a', chunk: 1, statedLimit, now: at });

describe('a limit that was learned', () => {
  it('is kept for its account and model, and forgotten after a day', async () => {
    await createRun('a', 60);
    await claim('a', 1, 60, unlimited);
    await submit('a', 1);
    expect((await learn(90, now + 1)).enqueued).toEqual([]);
    const known = async (of: RoomScope, at = now + 2) => (await ledger.roomState(of, at)).learned;
    expect(await known(unlimited)).toEqual({ tokens: 90, isStated: true, changedAt: now + 1 });
    expect(await known({ ...unlimited, model: 'other' })).toBeNull();
    expect(await known({ ...unlimited, account: 'theirs' })).toBeNull();
    expect(await known(unlimited, now + day)).not.toBeNull();
    expect(await known(unlimited, now + day + 1)).toBeNull();
  });

  it('is forgotten where another limit is set', async () => {
    await createRun('a', 60);
    await claim('a', 1, 60, unlimited);
    await learn(90, now + 1);
    expect((await ledger.roomState(scope, now + 2)).learned).toBeNull();
  });

  it('is not lowered by a refusal of a batch from before', async () => {
    await createRun('a', 60);
    await claim('a', 1, 60, unlimited);
    await learn(90, now + 1);
    expect((await learn(50, now + 2)).learned).toMatchObject({ tokens: 90 });
    await moveChunk(ledger, { runId: 'a', chunk: 1 }, ['create_ruled_out']);
    await claim('a', 1, 60, { ...unlimited, now: now + 3 });
    expect((await learn(50, now + 4)).learned).toMatchObject({ tokens: 50 });
  });
});

async function load(chunk: number, ok: number, input: number): Promise<number> {
  const events = ['create_succeeded', 'batch_ended', 'results_downloaded'] as const;
  await moveChunk(ledger, { runId: 'a', chunk }, events);
  const outcome: ChunkOutcome = {
    event: 'results_loaded',
    rowStates: new Uint8Array(10),
    ok,
    cleaned: 0,
    repaired: 0,
    truncated: 0,
    unread: null,
    usage: { input, output: 1, cached: 0 },
    cost: noCost,
    failures: [],
    recovered: [],
    unfinished: [],
  };
  await ledger.recordOutcomes([{ at: { runId: 'a', chunk, state: 'downloaded', epoch: 0 }, outcome }]);
  return (await ledger.roomState(scope, now)).tokensPerEstimate;
}

describe('what an estimated token comes to', () => {
  it('is what was reported over what was estimated, for the model, and at least a half', async () => {
    await createRun('a', 10, 30, 1000, 10);
    for (const chunk of [1, 2, 3, 4])
      await claim('a', chunk, 1, { limits: { ...unlimited.limits, batchesAnHour: 100 } });
    expect((await ledger.roomState(scope, now)).tokensPerEstimate).toBe(1);
    expect(await load(1, 10, 20)).toBe(2);
    expect(await load(2, 10, 28)).toBe(48 / 40);
    expect((await ledger.roomState({ ...scope, model: 'other' }, now)).tokensPerEstimate).toBe(1);
    // Of a batch with many failures nobody knows which tokens were counted.
    expect(await load(4, 5, 1000)).toBe(48 / 40);
    expect(await load(3, 10, 1)).toBe(0.5);
  });
});

describe('a create whose outcome is unknown', () => {
  it('is given a batch that no other chunk has', async () => {
    await createRun('a', 10, 10);
    await createRun('b', 10);
    for (const [run, number] of [
      ['a', 1],
      ['a', 2],
      ['b', 1],
    ] as const)
      await claim(run, number, 10);
    await submit('a', 1);
    const [, second] = await ledger.chunks('a');
    const [other] = await ledger.chunks('b');
    if (second === undefined || other === undefined) throw new Error('There are too few chunks.');
    expect(second).toMatchObject({ state: 'creating', intendedAt: now });
    // Of its own run, and of another.
    expect(await ledger.adoptBatch(second, { batchId: 'batch-1' })).toBeNull();
    expect(await ledger.adoptBatch(other, { batchId: 'batch-1' })).toBeNull();
    expect(await ledger.chunk('b', 1)).toEqual(other);
    const batch = { batchId: 'batch-2', batchStatus: 'completed', expiresAt: now + day };
    expect(await ledger.adoptBatch(second, batch)).toMatchObject({ state: 'submitted', ...batch });
    expect(await ledger.batchRuns()).toEqual(
      new Map([
        ['batch-1', 'a'],
        ['batch-2', 'a'],
      ]),
    );
    await expect(ledger.adoptBatch(second, { batchId: 'batch-3' })).rejects.toMatchObject({
      code: 'chunk_moved',
    });
  });

  it('takes no room any more once what may be its batch is known to have ended', async () => {
    await createRun('a', 90, 90);
    expect((await claim('a', 1, 90)).kind).toBe('take');
    expect((await claim('a', 2, 90)).kind).toBe('wait');
    await ledger.noteBatchStatus('a', 1, 'completed');
    expect((await claim('a', 2, 90)).kind).toBe('take');
  });
});
