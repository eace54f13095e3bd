import { randomUUID } from 'node:crypto';
import type { ChunkFile, Leftover } from '../../core/batch-side.ts';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import { asCount, asMap, asText } from '../../core/json.ts';
import type { Account } from './account.ts';
import type { CallInfo } from '../http/api-calls.ts';
import type { OpenAiCalls } from './account.ts';
import type { Compat } from './compat.ts';
import { readBody, saveBody } from '../http/download.ts';
import { FileSizes, statedLength } from '../http/file-sizes.ts';
import { everything, pageOf } from '../http/listing.ts';
import type { AccountOptions } from './open.ts';
import type { Patience } from '../http/patience.ts';
import { uploadForm } from './upload-form.ts';
import { runOfUpload, uploadNameOf } from '../http/upload-name.ts';
import { uploadHeader, UploadWatchdog } from '../http/upload-watchdog.ts';

interface RemoteFile {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number | null;
}

/** The Files API of one account. */
export class OpenAiFiles {
  readonly #account: Account;
  readonly #api: OpenAiCalls;
  readonly #patience: Patience;
  readonly #compat: Compat;
  readonly #sizes: FileSizes;

  constructor(account: Account, api: OpenAiCalls, { patience, compat, warn }: AccountOptions) {
    this.#account = account;
    this.#api = api;
    this.#patience = patience;
    this.#compat = compat;
    this.#sizes = new FileSizes(warn);
  }

  /** @returns the file's id */
  async upload(file: ChunkFile, signal: AbortSignal): Promise<string> {
    const id = randomUUID();
    const name = uploadNameOf(file);
    const { silence, intake, upload } = this.#patience;
    using watchdog = new UploadWatchdog(id, silence, intake);
    const call = { doing: `uploading ${name}` };
    const { body, contentType } = await uploadForm(file, name, this.#compat);
    const headers = { [uploadHeader]: id, 'content-type': contentType };
    const options = { headers, timeout: upload };
    try {
      const either = AbortSignal.any([signal, watchdog.signal]);
      const answer = await this.#api.ask(call, either, options, (client, request) =>
        client.post('/files', { ...request, body }),
      );
      return asText(asMap(answer)?.['id']) ?? this.#api.notUnderstood(call);
    } catch (error) {
      signal.throwIfAborted();
      if (!watchdog.signal.aborted) throw error;
      throw watchdog.stalled(this.#account.host, call.doing);
    }
  }

  async download(fileId: string, path: string, signal: AbortSignal): Promise<void> {
    const call = { doing: `downloading file ${fileId}`, notFound: 'file' } as const;
    const expectedBytes = await this.#sizeOf(fileId, call, signal);
    const response = await this.#api.open(call, signal, (client, request) =>
      client.files.content(fileId, request),
    );
    if (response.headers.get('x-incomplete') === 'true') {
      await response.body?.cancel();
      throw new BatchlineError('download_cut', `file ${fileId} is still being written`, { retryable: true });
    }
    await saveBody(response.body ?? new Blob([]).stream(), {
      path,
      what: `file ${fileId}`,
      size: this.#sizes.of(fileId, expectedBytes, statedLength(response)),
      signal,
    });
  }

  /** A file's content as it comes, of which no more is asked for than is read. */
  async *read(fileId: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const call = { doing: `reading file ${fileId}`, notFound: 'file' } as const;
    const response = await this.#api.open(call, signal, (client, request) =>
      client.files.content(fileId, request),
    );
    yield* readBody(response.body ?? new Blob([]).stream(), { what: `file ${fileId}`, signal });
  }

  async #sizeOf(fileId: string, call: CallInfo, signal: AbortSignal): Promise<number | null> {
    try {
      const file = await this.#api.ask(call, signal, {}, (client, request) =>
        client.files.retrieve(fileId, request),
      );
      return asCount(asMap(file)?.['bytes']);
    } catch (error) {
      // Some servers hand out the content of a file but no description of it.
      if (errorCode(error) === 'provider_refused') return null;
      throw error;
    }
  }

  /** The uploads that bear our name. */
  async *uploads(signal: AbortSignal): AsyncGenerator<Leftover> {
    const call = { doing: 'listing files' };
    const fetchPage = async (after: string | undefined) => {
      const query = { purpose: 'batch', limit: 10_000, ...(after === undefined ? {} : { after }) };
      const answer = await this.#api.ask(call, signal, {}, (client, request) =>
        client.files.list(query, request),
      );
      return pageOf(answer) ?? this.#api.notUnderstood(call);
    };
    for await (const { id, name, createdAt } of everything(fetchPage, remoteFile)) {
      const run = runOfUpload(name);
      if (run !== undefined) yield { id, run, createdAt };
    }
  }

  async delete(fileId: string, signal: AbortSignal): Promise<void> {
    const call = { doing: `deleting file ${fileId}`, notFound: 'file' } as const;
    try {
      await this.#api.ask(call, signal, {}, (client, request) => client.files.delete(fileId, request));
    } catch (error) {
      if (errorCode(error) !== 'file_not_found') throw error;
    }
  }
}

function remoteFile(item: unknown): RemoteFile | undefined {
  const file = asMap(item);
  const id = asText(file?.['id']);
  if (id === null) return undefined;
  const seconds = asCount(Number(file?.['created_at'] ?? Number.NaN));
  return {
    id,
    name: asText(file?.['filename']) ?? '',
    createdAt: seconds === null ? null : seconds * 1000,
  };
}
