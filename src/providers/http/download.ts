import { type FileHandle, open, rm } from 'node:fs/promises';
import { diskFault, requireFreeDisk } from '../../files/disk.ts';
import { renameDurably } from '../../files/durable-file.ts';
import { untilAborted } from '../../core/async.ts';
import { BatchlineError, errorMessage } from '../../core/errors.ts';
import type { ExpectedSize } from './file-sizes.ts';

export interface ReadBodyOptions {
  /** Names the file in messages. */
  readonly what: string;
  readonly signal: AbortSignal;
}

export interface DownloadOptions extends ReadBodyOptions {
  readonly path: string;
  readonly size: ExpectedSize;
}

/**
 * Yields a response body as it comes; whoever stops early frees its connection.
 *
 * @throws BatchlineError `download_cut`, retryable
 */
export async function* readBody(
  body: ReadableStream<Uint8Array>,
  options: ReadBodyOptions,
): AsyncGenerator<Buffer> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await nextChunk(reader, options);
      if (done) return;
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  } finally {
    // Its own failure changes nothing any more.
    reader.cancel().catch(() => undefined);
  }
}

/**
 * Writes a response body to `path`: under a temporary name, synced, then renamed.
 *
 * @throws BatchlineError `download_cut`, retryable, where the body ended early, stalled or has another size than the
 *   server says; `disk_full` or `write_failed` where the disk refused it
 */
export async function saveBody(body: ReadableStream<Uint8Array>, options: DownloadOptions): Promise<void> {
  const partial = `${options.path}.partial`;
  requireFreeDisk(partial, options.size.bytes ?? 0);
  const handle = await open(partial, 'w', 0o600).catch((error: unknown) => {
    throw writeFailed(partial, error);
  });
  try {
    await writeBody(body, handle, options);
    await handle.close();
    await renameDurably(partial, options.path);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    options.signal.throwIfAborted();
    throw diskFault(error, partial) ?? error;
  }
}

async function writeBody(
  body: ReadableStream<Uint8Array>,
  handle: FileHandle,
  options: DownloadOptions,
): Promise<void> {
  const { bytes, endsLine } = await copy(body, handle, options);
  options.size.requireWhole(bytes, endsLine);
  await handle.sync();
}

async function copy(
  body: ReadableStream<Uint8Array>,
  handle: FileHandle,
  options: DownloadOptions,
): Promise<{ readonly bytes: number; readonly endsLine: boolean }> {
  let bytes = 0;
  let lastByte: number | undefined;
  for await (const block of readBody(body, options)) {
    bytes += block.byteLength;
    lastByte = block.at(-1) ?? lastByte;
    await handle.writeFile(block).catch((error: unknown) => {
      throw writeFailed(options.path, error);
    });
  }
  return { bytes, endsLine: lastByte === lineFeed };
}

const lineFeed = 0x0a;

type Chunk = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;

async function nextChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { what, signal }: ReadBodyOptions,
): Promise<Chunk> {
  try {
    return await untilAborted(reader.read(), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw downloadCut(what, reason(error));
  }
}

function reason(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error
    ? errorMessage(error.cause)
    : errorMessage(error);
}

function downloadCut(what: string, how: string): BatchlineError {
  return new BatchlineError('download_cut', `the download of ${what} was cut: ${how}`, { retryable: true });
}

function writeFailed(path: string, error: unknown): BatchlineError {
  const full = diskFault(error, path);
  if (full !== null) return full;
  return new BatchlineError('write_failed', `${path} cannot be written: ${errorMessage(error)}`, {
    where: path,
    hint: 'Check the rights on that folder.',
    cause: error,
  });
}
