import { createReadStream } from 'node:fs';
import type { ChunkFile } from '../../core/batch-side.ts';

const open = Buffer.from('{"requests":[');
const close = Buffer.from(']}');
const lineFeed = 0x0a;
const comma = 0x2c;

/** How many bytes the body of a file's create has: each line feed but the last becomes a comma. */
export function createBytes({ bytes }: Pick<ChunkFile, 'bytes'>): number {
  return open.length + bytes - 1 + close.length;
}

/** The body of a create: the file's lines as a list, read as they are sent. */
export function createBody({ path, bytes }: Pick<ChunkFile, 'path' | 'bytes'>): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces(path, bytes));
}

/** Within a line no line feed stands as it is. */
async function* pieces(path: string, bytes: number): AsyncGenerator<Uint8Array> {
  yield open;
  for await (const chunk of createReadStream(path, { end: bytes - 2, highWaterMark: 262_144 })) {
    const piece = chunk as Buffer;
    for (let at = piece.indexOf(lineFeed); at !== -1; at = piece.indexOf(lineFeed, at + 1)) piece[at] = comma;
    yield piece;
  }
  yield close;
}
