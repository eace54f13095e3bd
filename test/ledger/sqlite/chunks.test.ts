import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChunkOutcome, ChunkRecord, Ledger, UnfinishedRow } from '../../../src/ledger/ledger.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';
import { moveChunk } from '../move-chunk.ts';
import { createRun } from '../new-run.ts';
import { noCost } from '../../../src/ledger/cost.ts';

const at = { runId: 'a', chunk: 1 };
let stack: AsyncDisposableStack;
let ledger: Ledger;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  ledger = stack.use(await openLedger(folder.path));
  await createRun(ledger, 'a');
  const chunk = { chunk: 1, requests: 2, bytes: 1, tokens: 1, sha256: '' };
  const counts = { records: 2, read: 2, filtered: 0, skipped: 0 };
  await ledger.commitReading('a', { chunk, cursor: null, counts, failures: [] });
});
afterEach(() => stack.disposeAsync());

async function found(): Promise<ChunkRecord> {
  const chunk = await ledger.chunk('a', 1);
  if (chunk === null) throw new Error('no chunk');
  return chunk;
}

const outcome: ChunkOutcome = {
  event: 'results_loaded',
  rowStates: Uint8Array.of(1, 0),
  ok: 1,
  cleaned: 0,
  repaired: 0,
  truncated: 0,
  unread: null,
  usage: { input: 0, output: 0, cached: 0 },
  cost: noCost,
  failures: [],
  recovered: [],
  unfinished: [],
};

const waiting = (customId: string, code: string, since: number): UnfinishedRow => ({
  customId,
  chunk: 1,
  line: 0,
  attempts: 1,
  submissions: 1,
  code,
  message: '',
  since,
  answer: null,
  isReasking: false,
});

describe('a chunk in the ledger', () => {
  it('moves where an event takes it, with what the event brings along', async () => {
    const moved = await ledger.moveChunk(await found(), 'upload_intended');
    const stored = await ledger.moveChunk(moved, 'upload_succeeded', { stored: 'handle', attempt: 2 });
    expect(stored).toMatchObject({ state: 'uploaded', stored: 'handle', attempt: 2, epoch: 0, results: [] });
    expect(await found()).toEqual(stored);
  });

  it('keeps where its results are until they are deleted at the provider', async () => {
    const results = [
      { id: 'one', holds: 'both' },
      { id: 'two', holds: 'errors' },
    ] as const;
    await moveChunk(ledger, at, ['batch_adopted', 'batch_ended'], { stored: 'handle', results });
    expect(await found()).toMatchObject({ state: 'ended', stored: 'handle', results });
    await ledger.forgetRemote('a', 1);
    expect(await found()).toMatchObject({ state: 'ended', stored: null, results: [] });
  });

  it('is moved by one of two that saw it at the same place', async () => {
    const seen = await found();
    await ledger.moveChunk(seen, 'upload_skipped');
    await expect(ledger.moveChunk(seen, 'upload_intended', { attempt: 9 })).rejects.toMatchObject({
      code: 'chunk_moved',
      message: expect.stringContaining('another process') as string,
    });
    expect(await found()).toMatchObject({ state: 'uploaded', attempt: 1 });
  });

  it('is not moved by whoever saw it in another epoch', async () => {
    const seen = await found();
    const late = ledger.moveChunk({ ...seen, epoch: 1 }, 'upload_intended');
    await expect(late).rejects.toMatchObject({ code: 'chunk_moved' });
    expect(await found()).toEqual(seen);
  });

  it('meets nothing that the state machine rules out, and nothing is written', async () => {
    const seen = await found();
    await expect(ledger.moveChunk(seen, 'batch_ended')).rejects.toThrow('cannot meet batch_ended');
    const refused = { ...outcome, event: 'batch_refused' } as const;
    await expect(ledger.recordOutcomes([{ at: seen, outcome: refused }])).rejects.toThrow(
      'cannot meet batch_refused',
    );
    expect(await found()).toEqual(seen);
  });

  it('stays where it is while some of its rows have no result, and is loaded once', async () => {
    const seen = await found();
    const cost = { usd: 0.25, unpriced: 2, listUsd: 1, cacheSavedUsd: -0.5 };
    const [partly] = await ledger.recordOutcomes([{ at: seen, outcome: { ...outcome, event: null, cost } }]);
    expect(partly).toMatchObject({ state: 'sealed', ok: 1, cost });
    expect(partly).toEqual(await found());
    const [loaded] = await ledger.recordOutcomes([{ at: seen, outcome: { ...outcome, cost } }]);
    const twice = { usd: 0.5, unpriced: 4, listUsd: 2, cacheSavedUsd: -1 };
    expect(loaded).toMatchObject({ state: 'loaded', cost: twice });
    // Of two that saw it at the same place one has lost.
    const late = ledger.recordOutcomes([{ at: seen, outcome: { ...outcome, ok: 0 } }]);
    await expect(late).rejects.toMatchObject({ code: 'chunk_moved' });
    await expect(ledger.recordOutcomes([{ at: await found(), outcome }])).rejects.toThrow('cannot meet');
    expect(await found()).toEqual(loaded);
  });
});

describe('rows that wait to be sent again', () => {
  it('are summed up', async () => {
    expect(await ledger.retryQueue('a')).toEqual({ count: 0, oldest: null, hasSuperseded: false });
    const unfinished = [waiting('x', 'server_error', 7), waiting('y', 'invalid_json', 5)];
    await ledger.recordOutcomes([{ at: await found(), outcome: { ...outcome, event: null, unfinished } }]);
    expect(await ledger.retryQueue('a')).toEqual({ count: 2, oldest: 5, hasSuperseded: false });
    expect(await ledger.retryQueue('b')).toMatchObject({ count: 0 });
  });

  it('are told from those of files that were too large, and from those on their way', async () => {
    const unfinished = [waiting('x', 'superseded', 7), waiting('y', 'server_error', 5)];
    await ledger.recordOutcomes([
      { at: await found(), outcome: { ...outcome, event: 'file_superseded', unfinished } },
    ]);
    expect(await ledger.retryQueue('a')).toEqual({ count: 2, oldest: 5, hasSuperseded: true });
    const chunk = { chunk: 2, requests: 1, bytes: 1, tokens: 1, sha256: '' };
    await ledger.addRetryChunk('a', chunk, ['x']);
    expect(await ledger.retryQueue('a')).toEqual({ count: 1, oldest: 5, hasSuperseded: false });
  });
});
