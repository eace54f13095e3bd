import { randomUUID } from 'node:crypto';
import {
  type BatchLimits,
  type BatchSide,
  type ChunkFile,
  type Refusal,
  type RemoteBatch,
} from '../../core/batch-side.ts';
import { cancelUnlessEnded } from '../http/cancel-unless-ended.ts';
import { everything, pageOf, pageSize } from '../http/listing.ts';
import type { Patience } from '../http/patience.ts';
import { uploadHeader, UploadWatchdog } from '../http/upload-watchdog.ts';
import type { Account, AnthropicCalls } from './account.ts';
import { createBody, createBytes } from './create-body.ts';
import { refusedCreate } from './refused-create.ts';
import { remoteBatch } from './remote-batch.ts';
import type { AnthropicResults } from './results.ts';

const path = '/v1/messages/batches';

export const anthropicLimits: BatchLimits = {
  maxRequests: 100_000,
  maxBytes: 250_000_000,
  // There are no embeddings, and no limit on how many batches are made.
  maxEmbeddingInputs: Infinity,
  maxEnqueuedInputs: Infinity,
  maxBatchesAnHour: Infinity,
};

/** The message batches of one account. A create carries its requests itself, and nothing that it could be known by. */
export class AnthropicBatches implements BatchSide {
  readonly knownBy = 'requests';
  // It ends them itself.
  readonly mayEndLate = true;
  readonly limits = anthropicLimits;
  readonly #account: Account;
  readonly #api: AnthropicCalls;
  readonly #results: AnthropicResults;
  readonly #patience: Patience;

  constructor(account: Account, api: AnthropicCalls, results: AnthropicResults, patience: Patience) {
    this.#account = account;
    this.#api = api;
    this.#results = results;
    this.#patience = patience;
  }

  async create(file: ChunkFile, _stored: string | null, signal: AbortSignal): Promise<RemoteBatch | Refusal> {
    const call = { doing: 'creating a batch', paid: true } as const;
    const id = randomUUID();
    const { silence, intake, upload } = this.#patience;
    using watchdog = new UploadWatchdog(id, silence, intake);
    const headers = {
      [uploadHeader]: id,
      'content-type': 'application/json',
      'content-length': String(createBytes(file)),
    };
    try {
      const either = AbortSignal.any([signal, watchdog.signal]);
      // The SDK's own call would hold all of it in memory.
      const answer = await this.#api.ask(call, either, { headers, timeout: upload }, (client, request) =>
        client.post(path, { ...request, body: createBody(file) }),
      );
      return remoteBatch(answer) ?? this.#api.notUnderstood(call);
    } catch (error) {
      signal.throwIfAborted();
      if (watchdog.signal.aborted)
        throw watchdog.stalled(this.#account.host, call.doing, { outcome: 'unknown' });
      const refusal = refusedCreate(error);
      if (refusal === null) throw error;
      return refusal;
    }
  }

  async look(id: string, signal: AbortSignal): Promise<RemoteBatch> {
    const call = { doing: `asking for batch ${id}`, notFound: 'batch' } as const;
    const answer = await this.#api.ask(call, signal, {}, (client, request) =>
      client.messages.batches.retrieve(id, {}, request),
    );
    return remoteBatch(answer) ?? this.#api.notUnderstood(call);
  }

  list(signal: AbortSignal): AsyncIterable<RemoteBatch> {
    const call = { doing: 'listing batches' };
    const fetchPage = async (after: string | undefined) => {
      const query = { limit: pageSize, ...(after === undefined ? {} : { after_id: after }) };
      const answer = await this.#api.ask(call, signal, {}, (client, request) =>
        client.messages.batches.list(query, request),
      );
      return pageOf(answer) ?? this.#api.notUnderstood(call);
    };
    return everything(fetchPage, remoteBatch);
  }

  async cancel(id: string, signal: AbortSignal): Promise<RemoteBatch> {
    const call = { doing: `cancelling batch ${id}`, notFound: 'batch' } as const;
    const cancel = async (): Promise<RemoteBatch> => {
      const answer = await this.#api.ask(call, signal, {}, (client, request) =>
        client.messages.batches.cancel(id, {}, request),
      );
      return remoteBatch(answer) ?? this.#api.notUnderstood(call);
    };
    return cancelUnlessEnded(cancel, () => this.look(id, signal));
  }

  fetch(batchId: string, part: string, to: string, signal: AbortSignal): Promise<void> {
    return this.#results.download(batchId, part, to, signal);
  }

  read(batchId: string, part: string, signal: AbortSignal): AsyncIterable<Buffer> {
    return this.#results.read(batchId, part, signal);
  }
}
