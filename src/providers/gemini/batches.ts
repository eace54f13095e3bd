import type {
  BatchLimits,
  BatchSide,
  ChunkFile,
  Leftover,
  Refusal,
  RemoteBatch,
} from '../../core/batch-side.ts';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import { cancelUnlessEnded } from '../http/cancel-unless-ended.ts';
import { roomRefusal } from '../http/room-refusal.ts';
import type { GeminiCalls } from './account.ts';
import { modelPath } from './dialect/model-path.ts';
import type { GeminiFiles } from './files.ts';
import { displayNameOf } from './label.ts';
import { everything } from './listing.ts';
import { linesIn } from './refusal-of.ts';
import { isNamed, remoteBatch } from './remote-batch.ts';
import { statedLimit } from './want-of-room.ts';

const listed = { path: '/v1beta/batches', key: 'operations', pageSize: 100 } as const;

/** Enqueued tokens are limited too, by a number that only a refusal may tell. */
export const geminiLimits: BatchLimits = {
  maxRequests: 200_000,
  maxBytes: 1_900_000_000,
  maxEmbeddingInputs: Infinity,
  maxEnqueuedInputs: Infinity,
  maxBatchesAnHour: Infinity,
  maxBatchesUnderWay: 100,
};

/** The batches of one account, whose inputs and results are files of it. */
export class GeminiBatches implements BatchSide {
  readonly limits = geminiLimits;
  readonly mayEndLate = true;
  readonly knownBy = 'label';
  readonly leftovers;
  readonly #api: GeminiCalls;
  readonly #files: GeminiFiles;

  constructor(api: GeminiCalls, files: GeminiFiles) {
    this.#api = api;
    this.#files = files;
    this.leftovers = {
      list: (signal: AbortSignal): AsyncIterable<Leftover> => files.uploads(signal),
      delete: (id: string, signal: AbortSignal): Promise<void> => files.delete(id, signal),
    };
  }

  store(file: ChunkFile, signal: AbortSignal): Promise<string> {
    return this.#files.upload(file, signal);
  }

  async create(file: ChunkFile, stored: string | null, signal: AbortSignal): Promise<RemoteBatch | Refusal> {
    if (stored === null) throw new Error(`File ${file.label.chunk} was not uploaded.`);
    const call = { doing: 'creating a batch', paid: true } as const;
    const verb = file.request.endpoint === 'embeddings' ? 'asyncBatchEmbedContent' : 'batchGenerateContent';
    const to = `/v1beta/${modelPath(file.request.model)}:${verb}`;
    const json = { batch: { displayName: displayNameOf(file.label), inputConfig: { fileName: stored } } };
    try {
      const answer = await this.#api.ask(call, signal, {}, (client, options) =>
        client.json({ to, json }, options),
      );
      return remoteBatch(answer) ?? this.#api.notUnderstood(call);
    } catch (error) {
      const refusal = refusalAtOnce(error);
      if (refusal === null) throw error;
      return refusal;
    }
  }

  async look(id: string, signal: AbortSignal): Promise<RemoteBatch> {
    const call = { doing: `asking for batch ${id}`, notFound: 'batch' } as const;
    const answer = await this.#api.ask(call, signal, {}, (client, options) =>
      client.json({ to: pathOf(id) }, options),
    );
    return remoteBatch(answer) ?? this.#api.notUnderstood(call);
  }

  async *list(signal: AbortSignal): AsyncGenerator<RemoteBatch> {
    for await (const item of everything(this.#api, { doing: 'listing batches' }, listed, signal)) {
      const batch = remoteBatch(item);
      if (batch === undefined) continue;
      if (isNamed(item)) yield batch;
      else yield* this.#closer(batch, signal);
    }
  }

  /** Each batch has a name, by which ours are known; some servers tell it only when they are asked for the batch. */
  async *#closer(listed: RemoteBatch, signal: AbortSignal): AsyncGenerator<RemoteBatch> {
    try {
      yield await this.look(listed.id, signal);
    } catch (error) {
      if (errorCode(error) !== 'batch_not_found') throw error;
    }
  }

  async cancel(id: string, signal: AbortSignal): Promise<RemoteBatch> {
    const call = { doing: `cancelling batch ${id}`, notFound: 'batch' } as const;
    const cancel = async (): Promise<null> => {
      await this.#api.ask(call, signal, {}, (client, options) =>
        client.json({ to: `${pathOf(id)}:cancel`, json: {} }, options),
      );
      return null;
    };
    const look = (): Promise<RemoteBatch> => this.look(id, signal);
    return (await cancelUnlessEnded(cancel, look)) ?? look();
  }

  async fetch(batchId: string, part: string, path: string, signal: AbortSignal): Promise<void> {
    const { counts, input } = await this.look(batchId, signal);
    if (part === input) throw new BatchlineError('file_not_found', `No upload can be downloaded: ${part}`);
    const lines = counts === null ? null : counts.completed + counts.failed;
    await this.#files.download(part, path, lines, signal);
  }

  read(_batchId: string, part: string, signal: AbortSignal): AsyncIterable<Buffer> {
    return this.#files.read(part, signal);
  }
}

function pathOf(id: string): string {
  return `/v1beta/${id.startsWith('batches/') ? id : `batches/${id}`}`;
}

/** What the provider has said at once, and else says of a batch that has failed; null where it is an error. */
function refusalAtOnce(error: unknown): Refusal | null {
  if (!(error instanceof BatchlineError) || error.outcome !== 'absent') return null;
  const ofRoom = roomRefusal(error, statedLimit);
  if (ofRoom !== null) return ofRoom;
  const { code, message } = error;
  const lines = code === 'provider_refused' ? linesIn(message) : [];
  if (lines.length === 0) return null;
  return { kind: 'lines', lines: new Map(lines.map((line) => [line, { code: null, message }])) };
}
