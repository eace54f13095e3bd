import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WaitingRoom } from '../../src/send/batched/waiting-room.ts';
import type { PipelineEvent } from '../../src/core/events.ts';
import type { OpenedProvider } from '../../src/core/provider.ts';
import type { ChunkRecord, Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import { openai } from '../../src/providers/openai.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import { temporaryFolder } from '../batch/temporary-folder.ts';
import { chunkFile } from '../providers/chunk-file.ts';

const signal = new AbortController().signal;
let stack: AsyncDisposableStack;
let ledger: Ledger;
let emulator: TestEmulator;
let provider: OpenedProvider;
let events: PipelineEvent[];
let folder: string;
const request = requestBlock.parse({ endpoint: 'chat', model: 'gpt-4o-mini', prompt: 'hi' });

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = stack.use(await temporaryFolder()).path;
  ledger = stack.use(await openLedger(folder));
  emulator = stack.use(await createEmulator());
  provider = await openai.open(openai.config.parse({ base_url: emulator.url, api_key: 'k' }), {
    stateDir: folder,
    env: {},
    signal,
    warn: () => {},
  });
  events = [];
});
afterEach(() => stack.disposeAsync());

function room(runId: string, tokens: number | null = 100): WaitingRoom {
  return new WaitingRoom({
    ledger,
    batches: provider.batches,
    account: provider.account,
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
    const sealed = await ledger.chunk(runId, chunk.chunk);
    if (sealed === null) throw new Error('The chunk is not in the ledger.');
    const uploading = await ledger.moveChunk(sealed, 'upload_intended');
    await ledger.moveChunk(uploading, 'upload_succeeded', { stored: 'file' });
  }
  return ledger.chunks(runId);
}

/** A batch of one request, which the emulator answers at once. */
async function createRemoteBatch(): Promise<string> {
  const { open, middle, close } = openai.dialect.frame(request);
  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] };
  const path = join(folder, 'one.jsonl');
  await writeFile(path, `${open}a${middle}${JSON.stringify(body)}${close}\n`);
  const file = chunkFile({ path, request });
  const { batches } = provider;
  const batch = await batches.create(file, (await batches.store?.(file, signal)) ?? null, signal);
  if ('kind' in batch) throw new Error('The batch was refused.');
  return batch.id;
}

const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A chunk's way through its batch, as far as that matters to others. */
async function end(chunk: ChunkRecord): Promise<void> {
  const submitted = await ledger.moveChunk(chunk, 'create_succeeded', { batchId: 'b' });
  await ledger.moveChunk(submitted, 'batch_ended', { batchStatus: 'completed' });
}

describe('a chunk that waits for room', () => {
  it('goes on when a batch of its run has ended; a smaller one overtakes it', async () => {
    const [first, large, small] = (await uploaded('a', 60, 50, 40)) as [
      ChunkRecord,
      ChunkRecord,
      ChunkRecord,
    ];
    const waiting = room('a');
    const intent = await waiting.claim(first);
    expect(intent).toMatchObject({ state: 'creating', batchId: null });
    expect(await waiting.claim(large)).toBeNull();
    expect(await waiting.look(large)).toBeNull();
    expect(await waiting.wait()).toMatchObject({ kind: 'later', why: 'room' });
    expect(await waiting.look(small)).toEqual({ kind: 'take' });
    await end(intent ?? first);
    waiting.batchEnded();
    expect(await waiting.look(large)).toEqual({ kind: 'take' });
    // Said once, however often it was looked at.
    expect(events).toEqual([{ type: 'RoomAwaited', for: 'tokens', used: 60, limit: 100, files: 1 }]);
  });

  it('is not held up by a batch that has ended while nobody works on its run', async () => {
    const [theirs] = (await uploaded('gone', 80)) as [ChunkRecord];
    const intent = (await room('gone').claim(theirs)) ?? theirs;
    await ledger.moveChunk(intent, 'create_succeeded', { batchId: await createRemoteBatch() });
    const [mine] = (await uploaded('a', 50)) as [ChunkRecord];
    const waiting = room('a');
    await vi.waitFor(async () => {
      if ((await waiting.look(mine)) === null) await waiting.wait();
      expect(await waiting.look(mine)).toEqual({ kind: 'take' });
    });
    // What that run still has to do is left to it.
    expect(await ledger.chunk('gone', 1)).toMatchObject({ state: 'submitted', batchStatus: 'completed' });
  });

  it('waits after a refusal until another batch has ended, though there seems to be room', async () => {
    const [first, second] = (await uploaded('a', 30, 30)) as [ChunkRecord, ChunkRecord];
    const waiting = room('a', null);
    const intent = (await waiting.claim(first)) ?? first;
    const refused = (await waiting.claim(second)) ?? second;
    await waiting.refused(refused, {
      kind: 'room',
      of: 'tokens',
      limit: 70,
      message: 'Limit: 70 enqueued tokens.',
    });
    const again = await ledger.moveChunk(refused, 'create_ruled_out');
    await soon(50);
    expect(await waiting.look(again)).toBeNull();
    await end(intent);
    waiting.batchEnded();
    expect(await waiting.look(again)).toEqual({ kind: 'take' });
  });

  it('is tried again by itself where nothing else is enqueued', async () => {
    const [only] = (await uploaded('a', 30)) as [ChunkRecord];
    const waiting = room('a', null);
    const intent = (await waiting.claim(only)) ?? only;
    await waiting.refused(intent, {
      kind: 'room',
      of: 'tokens',
      limit: 70,
      message: 'Limit: 70 enqueued tokens.',
    });
    const again = await ledger.moveChunk(intent, 'create_ruled_out');
    await vi.waitFor(async () => expect(await waiting.look(again)).toEqual({ kind: 'take' }));
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
