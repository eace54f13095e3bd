import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BatchlineError, errorCode, errorMessage } from '../core/errors.ts';

/** Whole lines of a file in one buffer. Line `i` is the bytes from `starts[i]` to `ends[i]`, without its line end. */
export interface LineBlock {
  readonly buffer: Buffer;
  readonly count: number;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Each line's number in the file, from 1; blank lines are counted but not delivered. */
  readonly numbers: Uint32Array;
  /** Where `buffer` begins in the file; in the unpacked file where it is compressed. */
  readonly offset: number;
}

export interface LineReaderOptions {
  readonly signal: AbortSignal;
  /** How much is read at a time; a block is larger only where one line is. */
  readonly blockBytes?: number;
}

const usualBlock = 256 << 10;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Reads a file of lines, block by block. Lines end at byte 0x0A and nowhere else: JSON may hold U+2028 as it is. A
 * carriage return before the line end is cut off, blank lines are passed over, the last line needs no end, a line may
 * be of any length, and a file whose name ends in `.gz` is unpacked on the way.
 *
 * @throws BatchlineError `results_unreadable`
 */
export function readLineBlocks(path: string, options: LineReaderOptions): AsyncGenerator<LineBlock> {
  return lineBlocks(chunks(path, options));
}

/** The same of a file that comes in blocks. */
export async function* lineBlocks(blocks: AsyncIterable<Buffer>): AsyncGenerator<LineBlock> {
  let lineNumber = 1;
  let offset = 0;
  for await (const buffer of wholeLines(blocks)) {
    const { block, lines } = splitLines(buffer, lineNumber, offset);
    lineNumber += lines;
    offset += buffer.length;
    if (block.count > 0) yield block;
  }
}

/** Some consecutive lines of a file, as they are. */
export interface Lines {
  /** Each without its line feed; views that stay valid. */
  readonly lines: readonly Buffer[];
  /** The number of the first, from 0. */
  readonly first: number;
}

const mostLines = 256;

/**
 * Reads a file of our own, some hundred lines at a time: nothing is cut off or passed over, and what follows the last
 * line feed is a line unless empty.
 */
export async function* readLines(path: string, signal: AbortSignal): AsyncGenerator<Lines> {
  let first = 0;
  signal.throwIfAborted();
  for await (const buffer of wholeLines(createReadStream(path, { highWaterMark: usualBlock }))) {
    signal.throwIfAborted();
    let lines: Buffer[] = [];
    for (let start = 0; start < buffer.length;) {
      const found = buffer.indexOf(lineFeed, start);
      const end = found === -1 ? buffer.length : found;
      lines.push(buffer.subarray(start, end));
      start = end + 1;
      if (lines.length < mostLines && start < buffer.length) continue;
      yield { lines, first };
      first += lines.length;
      lines = [];
    }
  }
}

/** Cuts what is read at line feeds: each buffer ends in one, except that the last may hold a line that has none. */
export async function* wholeLines(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // The pieces of a line whose end has not been read yet; they are joined once, however many they are.
  let pieces: Buffer[] = [];
  for await (const block of blocks) {
    const end = block.lastIndexOf(lineFeed) + 1;
    if (end > 0) {
      const whole = block.subarray(0, end);
      yield pieces.length === 0 ? whole : Buffer.concat([...pieces, whole]);
      pieces = [];
    }
    if (end < block.length) pieces.push(block.subarray(end));
  }
  if (pieces.length > 0) yield Buffer.concat(pieces);
}

function splitLines(
  buffer: Buffer,
  firstNumber: number,
  offset: number,
): { block: LineBlock; lines: number } {
  const starts: number[] = [];
  const ends: number[] = [];
  const numbers: number[] = [];
  let lines = 0;
  for (let start = offset === 0 ? afterByteOrderMark(buffer) : 0; start < buffer.length;) {
    const found = buffer.indexOf(lineFeed, start);
    const next = found === -1 ? buffer.length : found;
    const end = buffer[next - 1] === carriageReturn && next > start ? next - 1 : next;
    if (!isBlank(buffer, start, end)) {
      starts.push(start);
      ends.push(end);
      numbers.push(firstNumber + lines);
    }
    lines += 1;
    start = next + 1;
  }
  const block = {
    buffer,
    count: ends.length,
    starts: Uint32Array.from(starts),
    ends: Uint32Array.from(ends),
    numbers: Uint32Array.from(numbers),
    offset,
  };
  return { block, lines };
}

function afterByteOrderMark(buffer: Buffer): number {
  return buffer.length >= 3 && buffer.readUIntBE(0, 3) === 0xefbbbf ? 3 : 0;
}

function isBlank(buffer: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = buffer[at];
    if (byte !== 0x20 && byte !== 0x09) return false;
  }
  return true;
}

async function* chunks(path: string, { signal, blockBytes }: LineReaderOptions): AsyncGenerator<Buffer> {
  const stream = openStream(path, blockBytes ?? usualBlock);
  try {
    for await (const chunk of stream) {
      signal.throwIfAborted();
      yield chunk as Buffer;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(path, error);
  }
}

function openStream(path: string, blockBytes: number): Readable {
  const file = createReadStream(path, { highWaterMark: blockBytes });
  if (!path.endsWith('.gz')) return file;
  const unpacked = createGunzip({ chunkSize: Math.max(blockBytes, 64) });
  // An error of the file destroys `unpacked`, whose reader then throws it.
  pipeline(file, unpacked, () => undefined);
  return unpacked;
}

function unreadable(path: string, error: unknown): BatchlineError {
  if (error instanceof BatchlineError) return error;
  const isPacking =
    errorCode(error)?.startsWith('Z_') === true || errorCode(error) === 'ERR_BUFFER_TOO_LARGE';
  const why = errorCode(error) === 'ENOENT' ? 'there is no such file' : errorMessage(error);
  return new BatchlineError('results_unreadable', `${path} cannot be read: ${why}`, {
    where: path,
    hint: isPacking ? 'It is cut short or is not a gzip file; fetch it again.' : undefined,
    cause: error,
  });
}
