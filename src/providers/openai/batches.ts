import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import type { FileCreateParams } from 'openai/resources/files';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import type {
  BatchLimits,
  NewBatch,
  OpenedProvider,
  RemoteBatch,
  RemoteFile,
  UploadFile,
} from '../../core/provider.ts';
import type { Account } from './account.ts';
import { type Downloaded, saveBody } from './download.ts';
import { ApiCalls, type CallInfo } from './api-calls.ts';
import { apiPaths } from './dialect/dialect.ts';
import { idOf, pageOf, remoteBatch } from './remote-batch.ts';
import { filePageOf } from './remote-file.ts';
import { uploadHeader, UploadWatchdog } from './upload-watchdog.ts';

/** How long to wait, in milliseconds. */
export interface Patience {
  /** For the check at the start of a run, which a person waits for. */
  readonly check: number;
  /** For an answer to any other small request. */
  readonly answer: number;
  /** For a whole upload and its answer. */
  readonly upload: number;
  /** For the next byte of an upload or download. */
  readonly silence: number;
  /** From an upload's last byte to its answer. */
  readonly intake: number;
}

const minute = 60_000;
const usualPatience: Patience = {
  check: minute / 4,
  answer: minute,
  upload: 60 * minute,
  silence: minute,
  intake: 10 * minute,
};

/** The Files and Batches API of one account. */
export class OpenAiBatches implements OpenedProvider {
  readonly limits: BatchLimits = {
    maxRequests: 50_000,
    maxBytes: 190_000_000,
    maxEmbeddingInputs: 50_000,
    maxEnqueuedInputs: 1_000_000,
    maxBatchesAnHour: 2_000,
  };
  readonly accountFingerprint: string;
  readonly #account: Account;
  readonly #api: ApiCalls;
  readonly #patience: Patience;

  constructor(account: Account, patience: Partial<Patience> = {}) {
    this.#account = account;
    this.#patience = { ...usualPatience, ...patience };
    this.#api = new ApiCalls(account, this.#patience.answer);
    this.accountFingerprint = account.fingerprint;
  }

  async check(signal: AbortSignal): Promise<void> {
    this.#requireKey();
    const options = { timeout: this.#patience.check };
    const call = { doing: 'checking the API key' };
    try {
      const response = await this.#api.send(call, signal, options, (client, request) =>
        client.batches.list({ limit: 1 }, request).asResponse(),
      );
      // A web page answers every request with 200.
      if (pageOf(await this.#api.json(response, call)) === undefined) this.#api.notUnderstood(call);
    } catch (error) {
      throw isUnreachable(error) ? asFinal(error) : error;
    }
  }

  /** OpenAI's own servers answer nothing without a key; other servers may. */
  #requireKey(): void {
    if (this.#account.hasKey || this.#account.host !== 'api.openai.com') return;
    throw new BatchlineError('provider_unauthorized', 'there is no API key for api.openai.com', {
      hint: 'Set the variable OPENAI_API_KEY, or provider.api_key.',
    });
  }

  async upload(file: UploadFile, signal: AbortSignal): Promise<{ readonly fileId: string }> {
    const id = randomUUID();
    const { silence, intake, upload } = this.#patience;
    using watchdog = new UploadWatchdog(id, silence, intake);
    const call = { doing: `uploading ${file.name}` };
    const options = { headers: { [uploadHeader]: id }, timeout: upload };
    const body = await uploadBody(file);
    try {
      const either = AbortSignal.any([signal, watchdog.signal]);
      const answer = await this.#api.send(call, either, options, (client, request) =>
        client.files.create(body, request),
      );
      return { fileId: idOf(answer) ?? this.#api.notUnderstood(call) };
    } catch (error) {
      signal.throwIfAborted();
      if (!watchdog.signal.aborted) throw error;
      throw new BatchlineError(
        'upload_stalled',
        `${this.#account.host}, while ${call.doing}: no byte moved for too long`,
        {
          retryable: true,
        },
      );
    }
  }

  async createBatch(batch: NewBatch, signal: AbortSignal): Promise<RemoteBatch> {
    const call = { doing: 'creating a batch', paid: true } as const;
    const body = {
      input_file_id: batch.inputFileId,
      endpoint: apiPaths[batch.endpoint],
      // Typed as OpenAI's one window; compatible servers have others.
      completion_window: batch.completionWindow as '24h',
      metadata: { ...batch.metadata },
      ...(batch.outputExpiresAfter === null
        ? {}
        : { output_expires_after: { anchor: 'created_at' as const, seconds: batch.outputExpiresAfter } }),
    };
    const answer = await this.#api.send(call, signal, {}, (client, request) =>
      client.batches.create(body, request),
    );
    return remoteBatch(answer) ?? this.#api.notUnderstood(call);
  }

  async getBatch(id: string, signal: AbortSignal): Promise<RemoteBatch> {
    const call = { doing: `asking for batch ${id}`, notFound: 'batch' } as const;
    const answer = await this.#api.send(call, signal, {}, (client, request) =>
      client.batches.retrieve(id, request),
    );
    return remoteBatch(answer) ?? this.#api.notUnderstood(call);
  }

  async *listBatches(signal: AbortSignal): AsyncGenerator<RemoteBatch> {
    const seen = new Set<string>();
    for (let after: string | undefined; ;) {
      const page = await this.#page(after, signal);
      const fresh = page.batches.filter(({ id }) => !seen.has(id));
      for (const batch of fresh) seen.add(batch.id);
      yield* fresh;
      after = fresh.at(-1)?.id;
      if (!page.hasMore || after === undefined) return;
    }
  }

  async #page(after: string | undefined, signal: AbortSignal) {
    const call = { doing: 'listing batches' };
    const query = { limit: 100, ...(after === undefined ? {} : { after }) };
    const response = await this.#api.send(call, signal, {}, (client, request) =>
      client.batches.list(query, request).asResponse(),
    );
    return pageOf(await this.#api.json(response, call)) ?? this.#api.notUnderstood(call);
  }

  async *listFiles(signal: AbortSignal): AsyncGenerator<RemoteFile> {
    const call = { doing: 'listing files' };
    const seen = new Set<string>();
    for (let after: string | undefined; ;) {
      const query = { purpose: 'batch', limit: 10_000, ...(after === undefined ? {} : { after }) };
      const response = await this.#api.send(call, signal, {}, (client, request) =>
        client.files.list(query, request).asResponse(),
      );
      const page = filePageOf(await this.#api.json(response, call)) ?? this.#api.notUnderstood(call);
      const fresh = page.files.filter(({ id }) => !seen.has(id));
      for (const file of fresh) seen.add(file.id);
      yield* fresh;
      after = fresh.at(-1)?.id;
      if (!page.hasMore || after === undefined) return;
    }
  }

  async cancelBatch(id: string, signal: AbortSignal): Promise<RemoteBatch> {
    const call = { doing: `cancelling batch ${id}`, notFound: 'batch' } as const;
    try {
      const answer = await this.#api.send(call, signal, {}, (client, request) =>
        client.batches.cancel(id, request),
      );
      return remoteBatch(answer) ?? this.#api.notUnderstood(call);
    } catch (error) {
      // A batch that ended meanwhile cannot be cancelled any more, which is no failure.
      if (errorCode(error) !== 'provider_refused' && errorCode(error) !== 'provider_error') throw error;
      const batch = await this.getBatch(id, signal);
      if (['completed', 'failed', 'expired', 'cancelling', 'cancelled'].includes(batch.status)) return batch;
      throw error;
    }
  }

  async download(fileId: string, path: string, signal: AbortSignal): Promise<Downloaded> {
    const call = { doing: `downloading file ${fileId}`, notFound: 'file' } as const;
    const expectedBytes = await this.#sizeOf(fileId, call, signal);
    const response = await this.#api.send(call, signal, {}, (client, request) =>
      client.files.content(fileId, request),
    );
    if (response.headers.get('x-incomplete') === 'true')
      throw new BatchlineError('download_cut', `file ${fileId} is still being written`, { retryable: true });
    const body = response.body ?? new Blob([]).stream();
    const silenceMs = this.#patience.silence;
    return saveBody(body, { path, expectedBytes, what: `file ${fileId}`, silenceMs, signal });
  }

  async #sizeOf(fileId: string, call: CallInfo, signal: AbortSignal): Promise<number | null> {
    try {
      const file = await this.#api.send(call, signal, {}, (client, request) =>
        client.files.retrieve(fileId, request),
      );
      return typeof file.bytes === 'number' ? file.bytes : null;
    } catch (error) {
      // Some servers hand out the content of a file but no description of it.
      if (errorCode(error) === 'provider_refused') return null;
      throw error;
    }
  }

  async deleteFile(fileId: string, signal: AbortSignal): Promise<void> {
    const call = { doing: `deleting file ${fileId}`, notFound: 'file' } as const;
    try {
      await this.#api.send(call, signal, {}, (client, request) => client.files.delete(fileId, request));
    } catch (error) {
      if (errorCode(error) !== 'file_not_found') throw error;
    }
  }
}

/** A person waits for the check, and a wrong address does not become right by waiting. */
function asFinal(error: BatchlineError): BatchlineError {
  return new BatchlineError(error.code, error.message, {
    where: error.where,
    hint: error.hint,
    cause: error.cause,
  });
}

function isUnreachable(error: unknown): error is BatchlineError {
  return error instanceof BatchlineError && error.code === 'provider_unreachable';
}

/** The purpose stands first, for servers that read the form in order; a file on disk is never read into memory. */
async function uploadBody({ path, name, expiresAfter }: UploadFile): Promise<FileCreateParams> {
  const file = new File([await openAsBlob(path)], name, { type: 'application/jsonl' });
  if (expiresAfter === null) return { purpose: 'batch', file };
  return { purpose: 'batch', expires_after: { anchor: 'created_at', seconds: expiresAfter }, file };
}
