import { createReadStream } from 'node:fs';
import { addAbortSignal, pipeline, type Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { BatchlineError, errorCode, errorMessage } from '../../core/errors.ts';

/** A file, or standard input, that records are read from. */
export interface FileInput {
  /** As messages name it: the path relative to the pipeline file. */
  readonly name: string;
  /** The decompressed bytes. @throws BatchlineError */
  bytes(signal: AbortSignal): AsyncIterable<Buffer>;
}

/** @param path absolute; `.gz` and `.zst` are decompressed */
export function fileInput(path: string, name: string): FileInput {
  return { name, bytes: (signal) => readable(() => createReadStream(path), path, name, signal) };
}

/** Standard input can be read only once. */
export function standardInput(stream: Readable): FileInput {
  let wasRead = false;
  return {
    name: 'standard input',
    bytes(signal) {
      if (wasRead) {
        throw new BatchlineError('stdin_read_twice', 'standard input can be read only once', {
          hint: 'Save it to a file and name that as `path`.',
        });
      }
      wasRead = true;
      return readable(() => stream, '', 'standard input', signal);
    },
  };
}

async function* readable(
  open: () => Readable,
  path: string,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  signal.throwIfAborted();
  const raw = open();
  const decompress = decompressor(path);
  // The iterator throws what went wrong; the callback is only there because pipeline wants one.
  const stream = decompress === null ? raw : pipeline(raw, decompress, () => undefined);
  addAbortSignal(signal, stream);
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    signal.throwIfAborted();
    throw readError(error, name);
  } finally {
    raw.destroy();
  }
}

function decompressor(path: string): Transform | null {
  if (path.endsWith('.gz')) return createGunzip();
  return path.endsWith('.zst') ? createZstdDecompress() : null;
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'Check `source.path`; it is relative to the pipeline file.',
  EACCES: 'Give this user the right to read it.',
  EISDIR: 'Name the files in it, for example folder/*.',
};

/** What went wrong while a file was opened or read. */
export function readError(error: unknown, name: string): BatchlineError {
  if (error instanceof BatchlineError) return error;
  const code = errorCode(error) ?? '';
  const isCompression = code.startsWith('Z_') || code.startsWith('ZSTD_');
  const message = isCompression ? 'the compressed data is damaged or incomplete' : reason(code, error);
  return new BatchlineError(
    isCompression ? 'damaged_file' : 'unreadable_file',
    `cannot read ${name}: ${message}`,
    {
      where: name,
      hint: isCompression ? 'Make or fetch the file again.' : hints[code],
      cause: error,
    },
  );
}

function reason(code: string, error: unknown): string {
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return code === 'EISDIR' ? 'it is a folder' : errorMessage(error);
}
