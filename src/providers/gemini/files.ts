import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import type { ChunkFile, Leftover } from '../../core/batch-side.ts';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import { asMap, asText } from '../../core/json.ts';
import type { CallInfo } from '../http/api-calls.ts';
import { readBody, saveBody } from '../http/download.ts';
import { LineCounts } from '../http/line-counts.ts';
import type { Patience } from '../http/patience.ts';
import { runOfUpload, uploadNameOf } from '../http/upload-name.ts';
import { uploadHeader, UploadWatchdog } from '../http/upload-watchdog.ts';
import type { Account, GeminiCalls } from './account.ts';
import { everything } from './listing.ts';

const mediaType = 'application/jsonl';

/** The longest id that calls about a file take; those of results are longer, and are deleted by Google after two days. */
const longestId = 40;

/** So many bytes of an upload have the usual time, at the least. */
const usualBytes = 200_000_000;

const listed = { path: '/v1beta/files', key: 'files', pageSize: 100 } as const;

export interface FilesOptions {
  readonly patience: Patience;
  readonly warn: (message: string) => void;
}

/** The Files API of one account. */
export class GeminiFiles {
  readonly #account: Account;
  readonly #api: GeminiCalls;
  readonly #patience: Patience;
  readonly #lines: LineCounts;

  constructor(account: Account, api: GeminiCalls, { patience, warn }: FilesOptions) {
    this.#account = account;
    this.#api = api;
    this.#patience = patience;
    this.#lines = new LineCounts(warn);
  }

  /** Made in one piece, streamed from disk; one that is cut begins anew. @returns the file's name */
  async upload(file: ChunkFile, signal: AbortSignal): Promise<string> {
    const name = uploadNameOf(file);
    const call = { doing: `uploading ${name}` };
    const address = await this.#beginUpload(call, name, file.bytes, signal);
    const id = randomUUID();
    const { silence, intake, upload } = this.#patience;
    using watchdog = new UploadWatchdog(id, silence, intake);
    const body = await openAsBlob(file.path, { type: mediaType });
    const headers = {
      [uploadHeader]: id,
      'x-goog-upload-command': 'upload, finalize',
      'x-goog-upload-offset': '0',
    };
    const options = { headers, timeout: upload * Math.max(1, file.bytes / usualBytes) };
    try {
      const either = AbortSignal.any([signal, watchdog.signal]);
      const answer = await this.#api.ask(call, either, options, (client, request) =>
        client.send({ method: 'POST', to: address, body }, request),
      );
      return asText(asMap(asMap(answer)?.['file'])?.['name']) ?? this.#api.notUnderstood(call);
    } catch (error) {
      signal.throwIfAborted();
      if (!watchdog.signal.aborted) throw isSessionLost(error) ? uploadLost(error) : error;
      throw watchdog.stalled(this.#account.host, call.doing);
    }
  }

  /** @returns the address that takes the file's bytes */
  async #beginUpload(call: CallInfo, name: string, bytes: number, signal: AbortSignal): Promise<string> {
    const headers = {
      'x-goog-upload-protocol': 'resumable',
      'x-goog-upload-command': 'start',
      'x-goog-upload-header-content-length': String(bytes),
      'x-goog-upload-header-content-type': mediaType,
    };
    const json = { file: { displayName: name } };
    const response = await this.#api.open(call, signal, (client, options) =>
      client.json({ to: '/upload/v1beta/files', json }, { ...options, headers }),
    );
    await response.body?.cancel();
    const address = response.headers.get('x-goog-upload-url') ?? '';
    return /^https?:\/\//i.test(address) ? address : this.#api.notUnderstood(call);
  }

  /** @param lines how many it should hold; null where that is not known */
  async download(file: string, path: string, lines: number | null, signal: AbortSignal): Promise<void> {
    const response = await this.#open({ doing: `downloading ${file}`, notFound: 'file' }, file, signal);
    const { body, size } = this.#lines.of(response.body ?? new Blob([]).stream(), {
      what: file,
      lines,
      warning: (found, expected) =>
        `${file} holds ${found} lines, not ${expected} as the provider says; it was taken as it is.`,
    });
    await saveBody(body, { path, what: file, size, signal });
  }

  /** A file's content as it comes, of which no more is asked for than is read. */
  async *read(file: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const response = await this.#open({ doing: `reading ${file}`, notFound: 'file' }, file, signal);
    yield* readBody(response.body ?? new Blob([]).stream(), { what: file, signal });
  }

  #open(call: CallInfo, file: string, signal: AbortSignal): Promise<Response> {
    return this.#api.open(call, signal, (client, options) =>
      client.json({ to: `${pathOf(file)}:download`, query: { alt: 'media' } }, options),
    );
  }

  /** The uploads that bear our name. */
  async *uploads(signal: AbortSignal): AsyncGenerator<Leftover> {
    for await (const file of everything(this.#api, { doing: 'listing files' }, listed, signal)) {
      const id = asText(file['name']);
      const run = runOfUpload(asText(file['displayName']) ?? '');
      const createdAt = Date.parse(asText(file['createTime']) ?? '');
      if (id !== null && run !== undefined)
        yield { id, run, createdAt: Number.isNaN(createdAt) ? null : createdAt };
    }
  }

  async delete(file: string, signal: AbortSignal): Promise<void> {
    const call = { doing: `deleting ${file}`, notFound: 'file' } as const;
    try {
      await this.#api.ask(call, signal, {}, (client, options) =>
        client.json({ method: 'DELETE', to: pathOf(file) }, options),
      );
    } catch (error) {
      const isGone = errorCode(error) === 'file_not_found';
      const isTooLong = errorCode(error) === 'provider_refused' && file.length > 'files/'.length + longestId;
      if (!isGone && !isTooLong) throw error;
    }
  }
}

/**
 * Whether the address that was given for one upload no longer knows it, or did not take all of it (308, which looks like
 * a redirect): that address is nobody's setting, and a new upload gets another.
 */
function isSessionLost(error: unknown): error is BatchlineError {
  if (!(error instanceof BatchlineError) || error.retryable) return false;
  const isRedirect = error.code === 'provider_unreachable' && /redirect/i.test(error.message);
  return isRedirect || error.code === 'provider_not_found' || error.code === 'provider_not_understood';
}

function uploadLost(error: BatchlineError): BatchlineError {
  return new BatchlineError('upload_lost', error.message, { retryable: true, cause: error });
}

function pathOf(file: string): string {
  return `/v1beta/${file.startsWith('files/') ? file : `files/${file}`}`;
}
