import type {
  BatchLimits,
  BatchSide,
  ChunkFile,
  Leftover,
  Refusal,
  RemoteBatch,
} from '../../core/batch-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { OpenAiCalls } from './account.ts';
import type { Compat } from './compat.ts';
import { apiPaths } from './dialect/dialect.ts';
import { expiry } from './expiry.ts';
import type { OpenAiFiles } from './files.ts';
import { everything, pageOf, pageSize } from '../http/listing.ts';
import { metadataOf, remoteBatch } from './remote-batch.ts';
import { limitsOf, serverAt } from './servers.ts';
import { roomRefusal } from '../http/room-refusal.ts';
import { cancelUnlessEnded } from '../http/cancel-unless-ended.ts';
import { statedLimit } from './want-of-room.ts';

/** The Batches API of one account, whose inputs and results are files of it. */
export class OpenAiBatches implements BatchSide {
  readonly knownBy = 'input';
  readonly limits: BatchLimits;
  readonly mayEndLate: boolean;
  readonly leftovers;
  readonly #api: OpenAiCalls;
  readonly #files: OpenAiFiles;
  readonly #compat: Compat;

  /** @param host of the API */
  constructor(
    api: OpenAiCalls,
    files: OpenAiFiles,
    { host, compat }: { readonly host: string; readonly compat: Compat },
  ) {
    const server = serverAt(host);
    this.limits = limitsOf(server);
    this.mayEndLate = server?.mayEndLate === true;
    this.#compat = compat;
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
    const body = {
      input_file_id: stored,
      endpoint: apiPaths[file.request.endpoint],
      // Typed as OpenAI's one window; compatible servers have others.
      completion_window: file.completionWindow as '24h',
      ...(this.#compat.metadata ? { metadata: metadataOf(file.label) } : {}),
      ...(this.#compat.output_expires_after ? { output_expires_after: expiry(file.expiresAfterMs) } : {}),
    };
    try {
      const answer = await this.#api.ask(call, signal, {}, (client, request) =>
        client.batches.create(body, request),
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
    const answer = await this.#api.ask(call, signal, {}, (client, request) =>
      client.batches.retrieve(id, request),
    );
    return remoteBatch(answer) ?? this.#api.notUnderstood(call);
  }

  list(signal: AbortSignal): AsyncIterable<RemoteBatch> {
    const call = { doing: 'listing batches' };
    const fetchPage = async (after: string | undefined) => {
      const query = { limit: pageSize, ...(after === undefined ? {} : { after }) };
      const answer = await this.#api.ask(call, signal, {}, (client, request) =>
        client.batches.list(query, request),
      );
      return pageOf(answer) ?? this.#api.notUnderstood(call);
    };
    return everything(fetchPage, remoteBatch);
  }

  async cancel(id: string, signal: AbortSignal): Promise<RemoteBatch> {
    const call = { doing: `cancelling batch ${id}`, notFound: 'batch' } as const;
    const cancel = async (): Promise<RemoteBatch> => {
      const answer = await this.#api.ask(call, signal, {}, (client, request) =>
        client.batches.cancel(id, request),
      );
      return remoteBatch(answer) ?? this.#api.notUnderstood(call);
    };
    return cancelUnlessEnded(cancel, () => this.look(id, signal));
  }

  fetch(_batchId: string, part: string, path: string, signal: AbortSignal): Promise<void> {
    return this.#files.download(part, path, signal);
  }

  read(_batchId: string, part: string, signal: AbortSignal): AsyncIterable<Buffer> {
    return this.#files.read(part, signal);
  }
}

/** What the provider has said at once, and else says when it validates a batch; null where it is an error. */
function refusalAtOnce(error: unknown): Refusal | null {
  if (!(error instanceof BatchlineError) || error.outcome !== 'absent') return null;
  return roomRefusal(error, statedLimit);
}
