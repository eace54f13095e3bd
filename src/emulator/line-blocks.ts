import { open } from 'node:fs/promises';

/** Some consecutive lines of a file. */
export interface LineBlock {
  /** Each without its line feed; views that stay valid. */
  readonly lines: readonly Buffer[];
  /** The number of the first, from 0. */
  readonly first: number;
}

const readBytes = 262_144;
const mostLines = 256;

/** Reads a file's lines in order, some hundred at a time. What follows the last line feed is a line unless empty. */
export async function* readLineBlocks(path: string, signal: AbortSignal): AsyncGenerator<LineBlock> {
  const file = await open(path, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    let first = 0;
    for (;;) {
      signal.throwIfAborted();
      // A fresh buffer each time, since the lines of the last block may still be in use; a line longer than the
      // buffer makes the next one twice as large, so that it is not copied over and over.
      const buffer = Buffer.allocUnsafe(Math.max(readBytes, rest.length * 2));
      rest.copy(buffer);
      const { bytesRead } = await file.read(buffer, rest.length, buffer.length - rest.length);
      const filled = buffer.subarray(0, rest.length + bytesRead);
      const split = splitLines(filled);
      rest = split.rest;
      if (bytesRead === 0 && rest.length > 0) {
        split.lines.push(rest);
        rest = Buffer.alloc(0);
      }
      for (let at = 0; at < split.lines.length; at += mostLines) {
        const lines = split.lines.slice(at, at + mostLines);
        yield { lines, first };
        first += lines.length;
      }
      if (bytesRead === 0) return;
    }
  } finally {
    await file.close();
  }
}

function splitLines(bytes: Buffer): { readonly lines: Buffer[]; readonly rest: Buffer } {
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, from)) {
    lines.push(bytes.subarray(from, at));
    from = at + 1;
  }
  return { lines, rest: bytes.subarray(from) };
}
