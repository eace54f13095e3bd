import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../http/api-error.ts';
import type { FileObject, FileStore } from '../state/file-store.ts';
import { newId } from '../state/ids.ts';
import { invalid } from './errors.ts';
import { fileIds } from './file-names.ts';

const mostFileBytes = 2_147_483_648;
/** Files of the API live for two days. */
const lifetimeSeconds = 172_800;

/** What a start says of the file that is to come. */
export interface UploadStart {
  readonly displayName: string;
  readonly mimeType: string;
  /** Its size; null where it is not said. */
  readonly bytes: number | null;
}

/** An upload on its way. What has been received stays, also where a connection breaks in between. */
export interface Upload {
  readonly id: string;
  readonly start: UploadStart;
  received: number;
  isBusy: boolean;
  /** Set in the end. */
  file: FileObject | null;
}

/** Uploads in pieces, each of which begins where the last one ended. They end with the process. */
export class ResumableUploads {
  readonly #files: FileStore;
  readonly #mostBytes: number;
  readonly #uploads = new Map<string, Upload>();

  constructor(files: FileStore, mostBytes = mostFileBytes) {
    this.#files = files;
    this.#mostBytes = mostBytes;
  }

  /** @throws ApiError 400 where the file is too large */
  async begin(start: UploadStart): Promise<Upload> {
    this.#refuseTooLarge(start.bytes ?? 0);
    const id = newId(fileIds).slice(0, fileIds.length + 12);
    await using _empty = await open(this.#files.temporaryPath(id), 'w', 0o600);
    const upload: Upload = { id, start, received: 0, isBusy: false, file: null };
    this.#uploads.set(id, upload);
    return upload;
  }

  /** @throws ApiError 404 */
  find(id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload === undefined)
      throw new ApiError(404, 'Upload not found. It may have ended or been cancelled.');
    return upload;
  }

  /** Adds a piece as it arrives. @throws ApiError 400 where it does not begin where the last one ended */
  async add(upload: Upload, offset: number, request: IncomingMessage): Promise<void> {
    if (upload.file !== null) throw invalid('The upload has already been finalized.');
    if (upload.isBusy) throw new ApiError(503, 'Another piece of the upload is being received.');
    if (offset !== upload.received)
      throw invalid(`Upload offset ${offset} does not match the bytes received: ${upload.received}.`);
    upload.isBusy = true;
    try {
      await using content = await open(this.#files.temporaryPath(upload.id), 'a');
      for await (const chunk of request as AsyncIterable<Buffer>) {
        this.#refuseTooLarge(upload.received + chunk.length);
        await content.writeFile(chunk);
        upload.received += chunk.length;
      }
    } finally {
      upload.isBusy = false;
    }
  }

  /** Makes a file of what was received, once. @throws ApiError 400 where something is missing */
  async finish(upload: Upload): Promise<FileObject> {
    const { id, start, received } = upload;
    if (start.bytes !== null && start.bytes !== received)
      throw invalid(`The upload has ${received} bytes, where ${start.bytes} were announced.`);
    upload.file ??= await this.#files.add({
      id,
      filename: start.displayName,
      purpose: start.mimeType,
      bytes: received,
      lifetimeSeconds,
    });
    return upload.file;
  }

  #refuseTooLarge(bytes: number): void {
    if (bytes <= this.#mostBytes) return;
    throw invalid(`The file is too large: at most ${this.#mostBytes} bytes.`);
  }
}
