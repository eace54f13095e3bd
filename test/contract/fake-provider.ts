import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { BatchSide, ChunkFile, Refusal, RemoteBatch } from '../../src/core/batch-side.ts';
import type { Dialect } from '../../src/core/dialect.ts';
import { noHints } from '../../src/core/direct-side.ts';
import { BatchlineError } from '../../src/core/errors.ts';
import { asCount, asMap, asText } from '../../src/core/json.ts';
import { defineProvider } from '../../src/core/provider.ts';
import { jsonToWire } from '../../src/core/wire-text.ts';
import type { ProviderFault } from './provider-contract.ts';

/** A batch as the server has it. */
export type FakeBatch = RemoteBatch & { readonly answers: string };

/** A request as this provider's lines hold it. */
export interface FakeRequest {
  readonly key: string;
  readonly ask: { readonly who: string; readonly what: string };
}

/** A provider in memory that takes no upload, keeps nothing that tells whose a batch is, and speaks its own words. */
export class FakeServer {
  readonly batches = new Map<string, FakeBatch>();
  /** Those of which it no longer has the results. */
  readonly gone = new Set<string>();
  /** Those that it was asked to cancel, which it never does. */
  readonly cancelled = new Set<string>();
  /** What every create is answered with, where it makes nothing. */
  turnsDown: BatchlineError | Refusal | null = null;
  /** Whether batches do not end as soon as they are made. */
  holds = false;
  /** How many batches were listed so far, over all listings. */
  listed = 0;
  /** Told of each listing, before it is answered. */
  onList: () => void = () => undefined;
  /** Told of the batch whose results are to be read, before they are; what it throws is the answer. */
  onRead: (id: string) => void = () => undefined;
  fault: ProviderFault | null = null;

  /** Whether that is to go wrong now; it does so once. */
  fails(fault: ProviderFault): boolean {
    const hits = this.fault === fault;
    if (hits) this.fault = null;
    return hits;
  }

  /** Makes a batch, whoever asks for it. */
  make(requests: readonly FakeRequest[], changes: Partial<FakeBatch> = {}): FakeBatch {
    const total = requests.length;
    const running = { status: 'in_progress', endedAt: null, results: [] } as const;
    const batch: FakeBatch = {
      id: `fake_${this.batches.size + 1}`,
      status: 'completed',
      rawStatus: 'done',
      label: null,
      input: null,
      refusal: null,
      createdAt: Date.now(),
      expiresAt: Date.now() + 86_400_000,
      endedAt: Date.now(),
      results: [{ id: 'answers', holds: 'both' }],
      counts: { total, completed: this.holds ? 0 : total, failed: 0 },
      answers: requests.map(answerOf).toReversed().join(''),
      ...(this.holds ? running : {}),
      ...changes,
    };
    this.batches.set(batch.id, batch);
    return batch;
  }

  /** Ends every batch that was held. */
  release(): void {
    this.holds = false;
    for (const [id, batch] of this.batches) {
      if (batch.status !== 'in_progress') continue;
      const total = batch.counts?.total ?? 0;
      const counts = { total, completed: total, failed: 0 };
      const results = [{ id: 'answers', holds: 'both' }] as const;
      this.batches.set(id, { ...batch, status: 'completed', endedAt: Date.now(), counts, results });
    }
  }
}

const servers = new Map<string, FakeServer>();

/** The server of an account, which is there as soon as somebody asks. */
export function serverOf(account: string): FakeServer {
  const server = servers.get(account) ?? new FakeServer();
  servers.set(account, server);
  return server;
}

const noUsage = { input_tokens: null, output_tokens: null, total_tokens: null, cached_tokens: null };

const dialect: Dialect = {
  paths: {},
  faults: ({ endpoint }) =>
    endpoint === 'chat' ? [] : [{ path: ['endpoint'], message: 'only chat is answered here' }],
  path: () => '/ask',
  body: ({ model, prompt = '' }) => ({
    pieces: [
      { kind: 'json', text: jsonToWire(`{"who":${JSON.stringify(model)},"what":"`) },
      { kind: 'template', template: prompt, role: 'prompt' },
      { kind: 'json', text: jsonToWire('"}') },
    ],
    messages: 1,
  }),
  frame: () => ({ open: '{"key":"', middle: '","ask":', close: '}' }),
  promptTexts: (_endpoint, { what }) => ({ texts: [String(what)], messages: 1 }),
  reask: ({ what, ...rest }, answer, complaint) => ({
    ...rest,
    what: `${String(what)}\u0000${answer}\u0000${complaint}`,
  }),
  shown: (_endpoint, { what }) => ({
    messages: [{ role: 'user', parts: [{ text: String(what) }] }],
    schema: null,
    params: {},
  }),
  answerBody: (_request, answer) => ({ ...answer }),
  asked: ({ what, ...rest }) => ({ ...rest, what: String(what).split('\u0000')[0] ?? '' }),
  split: (line) => {
    const customId = asText(line['key']);
    const body = asMap(line['said']);
    if (customId === null) return null;
    const common = { customId, requestId: null };
    if (body !== undefined) return { ...common, kind: 'answered', body };
    const message = asText(line['broke']) ?? 'It said nothing.';
    const failure = {
      code: 'broke',
      message,
      retryable: false,
      ran: true,
      blame: 'row',
      usage: null,
    } as const;
    return { ...common, kind: 'failed', failure };
  },
  resultLine: (_customId, { body }) => body.trimEnd(),
  idIn: (part) => /"key":"([^"]+)"/.exec(part)?.[1] ?? null,
  reply: (_endpoint, { words, model, tokens }) => ({
    text: asText(words),
    refusal: null,
    finishReason: 'stop',
    vector: null,
    isEmpty: asText(words) === null,
    hasCalls: false,
    model: asText(model),
    usage: { ...noUsage, input_tokens: asCount(tokens) },
  }),
  facts: () => ({ dimensions: null, encoding: 'o200k_base', longestInput: null }),
};

class FakeBatches implements BatchSide {
  readonly knownBy = 'requests';
  readonly limits = {
    maxRequests: 50,
    maxBytes: 1_000_000,
    maxEmbeddingInputs: 0,
    maxEnqueuedInputs: 0,
    maxBatchesAnHour: 1_000,
  };
  readonly #server: FakeServer;

  constructor(server: FakeServer) {
    this.#server = server;
  }

  async create({ path }: ChunkFile, _stored: null | string, signal: AbortSignal) {
    signal.throwIfAborted();
    const server = this.#server;
    if (server.fails('no answer')) throw cut('unknown');
    if (server.turnsDown instanceof BatchlineError) throw server.turnsDown;
    if (server.turnsDown !== null) return server.turnsDown;
    const refusal = this.#refusal();
    if (refusal !== null) return refusal;
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const batch = server.make(lines.map((line) => JSON.parse(line) as FakeRequest));
    if (server.fails('lost create reply')) throw cut('unknown');
    return batch;
  }

  #refusal(): Refusal | null {
    const fault = { code: null, message: 'Bad.' };
    if (this.#server.fails('refused lines'))
      return { kind: 'lines', lines: new Map([2, 4].map((line) => [line, fault])) };
    if (this.#server.fails('want of room'))
      return { kind: 'room', of: 'tokens', limit: null, message: 'Too much.' };
    return this.#server.fails('unexplained refusal') ? { kind: 'unexplained', message: 'No.' } : null;
  }

  async look(id: string, signal: AbortSignal) {
    signal.throwIfAborted();
    const batch = this.#server.batches.get(id);
    if (batch === undefined) throw new BatchlineError('batch_not_found', `there is no batch ${id}`);
    return batch;
  }

  async *list(signal: AbortSignal) {
    signal.throwIfAborted();
    this.#server.onList();
    for (const batch of [...this.#server.batches.values()].toReversed()) {
      this.#server.listed += 1;
      yield batch;
    }
  }

  cancel(id: string, signal: AbortSignal) {
    this.#server.cancelled.add(id);
    return this.look(id, signal);
  }

  async fetch(batchId: string, _part: string, path: string, signal: AbortSignal) {
    const { answers } = await this.look(batchId, signal);
    if (this.#server.fails('cut download')) throw cut('absent');
    await writeFile(`${path}.partial`, answers);
    await rename(`${path}.partial`, path);
  }

  async *read(batchId: string, _part: string, signal: AbortSignal) {
    const { answers } = await this.look(batchId, signal);
    this.#server.onRead(batchId);
    if (this.#server.gone.has(batchId)) throw new BatchlineError('file_not_found', 'the results are gone');
    yield Buffer.from(answers);
  }
}

function answerOf({ key, ask: { who, what } }: FakeRequest): string {
  const tokens = Math.ceil(Buffer.byteLength(what) / 4) + 8;
  return `${JSON.stringify({ key, said: { words: `You said: ${what}`, model: who, tokens } })}\n`;
}

function cut(outcome: 'absent' | 'unknown'): BatchlineError {
  return new BatchlineError('provider_unreachable', 'the connection was cut', { retryable: true, outcome });
}

export const fakeProvider = defineProvider({
  name: 'fake',
  summary: 'Answers in memory.',
  config: z.object({ account: z.string().meta({ description: 'Whose batches they are.' }) }),
  examples: [{ account: 'a' }],
  dialect,
  keyVariable: 'FAKE_API_KEY',
  basePath: '',
  tariff: { biller: 'fake', batch: 0.5, tiers: {} },
  open: async ({ account }) => ({
    account,
    check: async (signal) => {
      signal.throwIfAborted();
      if (account === 'nobody') throw new BatchlineError('provider_unauthorized', 'who are you?');
    },
    batches: new FakeBatches(serverOf(account)),
    direct: {
      ask: async (line) => ({
        status: 200,
        requestId: null,
        pace: noHints,
        body: answerOf(JSON.parse(line.toString()) as FakeRequest),
      }),
    },
  }),
});
