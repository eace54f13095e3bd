import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { statedLimit, WaitingRoom } from '../../src/send/batched/waiting-room.ts';
import type { PipelineEvent } from '../../src/core/events.ts';
import type { OpenedProvider } from '../../src/core/provider.ts';
import type { ChunkRecord, Ledger } from '../../src/ledger/ledger.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts';
import { openai } from '../../src/providers/openai.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import { temporaryFolder } from '../batch/temporary-folder.ts';

const signal = new AbortController().signal;
let stack: AsyncDisposableStack;
let ledger: Ledger;
let emulator: TestEmulator;
let provider: OpenedProvider;
let events: PipelineEvent[];

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  ledger = stack.use(await openSqliteLedger(folder.path));
  emulator = stack.use(await createEmulator());
  provider = await openai.open(
    { base_url: emulator.url, api_key: 'k', headers: {} },
    { stateDir: folder.path, env: {}, signal, warn: () => {} },
  );
  events = [];
});
afterEach(() => stack.disposeAsync());

function room(runId: string, tokens: number | null = 100): WaitingRoom {
  return new WaitingRoom({
    ledger,
    provider,
    runId,
    model: 'gpt',
    countsInputs: false,
    limits: { tokens, inputs: 1_000_000, batchesAnHour: 2000 },
    lookMs: 20,
    signal,
    emit: (event) => events.push(event),
  });
}

/** Chunks of a run that are uploaded, of so many estimated tokens each. */
async function uploaded(runId: string, ...tokens: readonly number[]): Promise<readonly ChunkRecord[]> {
  await ledger.createRun({
    runId,
    pipeline: runId,
    kind: 'run',
    fingerprint: '',
    fingerprintParts: {},
    folder: '',
    target: '',
    path: '',
    schema: { fields: [], keyFields: [] },
    startedAt: 0,
  });
  for (const [index, each] of tokens.entries()) {
    const chunk = { chunk: index + 1, requests: 10, bytes: 1, tokens: each, sha256: '' };
    const counts = { records: 10, read: 10, filtered: 0, skipped: 0 };
    await ledger.commitReading(runId, { chunk, cursor: null, counts, failures: [] });
    await ledger.moveChunk(runId, chunk.chunk, 'uploaded', { fileId: 'file' });
  }
  return ledger.chunks(runId);
}

/** A batch of one request, which the emulator answers at once. */
async function createRemoteBatch(): Promise<string> {
  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] };
  const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body };
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new File([JSON.stringify(line)], 'a.jsonl'));
  const headers = { authorization: 'Bearer k' };
  const file = await fetch(`${emulator.url}/files`, { method: 'POST', headers, body: form });
  const { id } = (await file.json()) as { id: string };
  const batch = await provider.createBatch(
    {
      inputFileId: id,
      endpoint: 'chat',
      completionWindow: '24h',
      metadata: {},
      outputExpiresAfter: null,
    },
    signal,
  );
  return batch.id;
}

const nothing = () => {};
const soon = (ms: number) => new Promise<'waits'>((resolve) => setTimeout(resolve, ms, 'waits'));

describe('a chunk that waits for room', () => {
  it('goes on when a batch of its run has ended; a smaller one overtakes it', async () => {
    const [first, large, small] = (await uploaded('a', 60, 50, 40)) as [
      ChunkRecord,
      ChunkRecord,
      ChunkRecord,
    ];
    const waiting = room('a');
    expect(await waiting.claim(first)).toMatchObject({ state: 'creating', batchId: null });
    expect(await waiting.claim(large)).toBeNull();
    const admitted = waiting.wait(large, nothing);
    expect(await Promise.race([admitted, soon(100)])).toBe('waits');
    expect(await waiting.wait(small, nothing)).toEqual({ kind: 'take' });
    await ledger.moveChunk('a', 1, 'ended', {});
    waiting.batchEnded();
    expect(await admitted).toEqual({ kind: 'take' });
    // Said once, however often it was looked at.
    expect(events).toEqual([{ type: 'RoomAwaited', for: 'tokens', used: 60, limit: 100, files: 1 }]);
  });

  it('is not held up by a batch that has ended while nobody works on its run', async () => {
    const [theirs] = (await uploaded('gone', 80)) as [ChunkRecord];
    await room('gone').claim(theirs);
    await ledger.moveChunk('gone', 1, 'submitted', { batchId: await createRemoteBatch() });
    const [mine] = (await uploaded('a', 50)) as [ChunkRecord];
    expect(await room('a').wait(mine, nothing)).toEqual({ kind: 'take' });
    // What that run still has to do is left to it.
    expect(await ledger.chunk('gone', 1)).toMatchObject({ state: 'submitted', batchStatus: 'completed' });
  });

  it('waits after a refusal until another batch has ended, though there seems to be room', async () => {
    const [first, second] = (await uploaded('a', 30, 30)) as [ChunkRecord, ChunkRecord];
    const waiting = room('a', null);
    await waiting.claim(first);
    const refused = await waiting.claim(second);
    await waiting.refused(refused ?? second, 'Limit: 70 enqueued tokens.');
    await ledger.moveChunk('a', 2, 'uploaded', {});
    const admitted = waiting.wait(second, nothing);
    expect(await Promise.race([admitted, soon(150)])).toBe('waits');
    await ledger.moveChunk('a', 1, 'ended', {});
    waiting.batchEnded();
    expect(await admitted).toEqual({ kind: 'take' });
  });

  it('is tried again by itself where nothing else is enqueued', async () => {
    const [only] = (await uploaded('a', 30)) as [ChunkRecord];
    const waiting = room('a', null);
    await waiting.claim(only);
    await waiting.refused(only, 'Limit: 70 enqueued tokens.');
    await ledger.moveChunk('a', 1, 'uploaded', {});
    expect(await waiting.wait(only, nothing)).toEqual({ kind: 'take' });
  });

  it('stops waiting where the run has failed, or is to end', async () => {
    const [first, second] = (await uploaded('a', 60, 60)) as [ChunkRecord, ChunkRecord];
    const waiting = room('a');
    await waiting.claim(first);
    const failure = new Error('failed');
    let hasFailed = false;
    const admitted = waiting.wait(second, () => {
      if (hasFailed) throw failure;
    });
    expect(await Promise.race([admitted, soon(60)])).toBe('waits');
    hasFailed = true;
    waiting.wake();
    await expect(admitted).rejects.toBe(failure);
  });
});

describe('a new file', () => {
  it('holds half of what may be enqueued, or what the user has set as far as it fits', async () => {
    const unknown = room('a', null);
    await unknown.open();
    expect(unknown.fileTokens(undefined)).toBe(Infinity);
    expect(unknown.fileTokens(70)).toBe(70);
    const known = room('a', 100);
    await known.open();
    expect(known.fileTokens(undefined)).toBe(50);
    expect(known.fileTokens(70)).toBe(70);
    expect(known.fileTokens(700)).toBe(100);
  });
});

describe('the limit that a refusal names', () => {
  it.each([
    ['Enqueued token limit reached. Limit: 2,000,000 enqueued tokens. Please try again.', 2_000_000],
    ['limit: 90000', 90_000],
    ['Limit: 1.500.000 tokens', 1_500_000],
    ['Enqueued token limit reached for gpt-4o.', null],
    ['Limit: unknown', null],
    ['Limit: 90000. 12 batches are in progress', 90_000],
  ])('in %j is %j', (message, limit) => {
    expect(statedLimit(message)).toBe(limit);
  });
});
