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
  /** The size of the block's one line, of which `buffer` has beginning and end alone, for it is above the longest; else null. */
  readonly cutFrom: number | null;
}

export interface LineReaderOptions {
  readonly signal: AbortSignal;
  /** How much is read at a time; a block is larger only where one line is. */
  readonly blockBytes?: number;
  /** The longest line that is held, in bytes, and no less than a block; of any other only beginning and end are. Default: no limit. */
  readonly longest?: number;
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
  return lineBlocks(readBytes(path, options), options.longest);
}

/** The same of a file that comes in blocks. */
export async function* lineBlocks(
  blocks: AsyncIterable<Buffer>,
  longest = Infinity,
): AsyncGenerator<LineBlock> {
  let lineNumber = 1;
  let offset = 0;
  for await (const { buffer, cutFrom } of wholeLines(blocks, longest)) {
    const { block, lines } = splitLines(buffer, lineNumber, offset);
    lineNumber += lines;
    offset += cutFrom ?? buffer.length;
    if (block.count > 0) yield { ...block, cutFrom };
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
  for await (const { buffer } of wholeLines(createReadStream(path, { highWaterMark: usualBlock }))) {
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

/** Lines as they stand in the file, or beginning and end of one that is too long to be held. */
interface WholeLines {
  readonly buffer: Buffer;
  /** The size of that one line with its line feed; else null. */
  readonly cutFrom: number | null;
}

/** Cuts what is read at line feeds: each buffer ends in one, except that the last may hold a line that has none. */
export async function* wholeLines(
  blocks: AsyncIterable<Buffer>,
  longest = Infinity,
): AsyncGenerator<WholeLines> {
  const begun = new BegunLine(longest);
  for await (const block of blocks) {
    let start = 0;
    if (begun.length > 0) {
      start = block.indexOf(lineFeed) + 1;
      begun.add(start === 0 ? block : block.subarray(0, start));
      if (start === 0) continue;
      yield begun.take();
    }
    const end = block.lastIndexOf(lineFeed) + 1;
    if (end > start) yield { buffer: block.subarray(start, end), cutFrom: null };
    start = Math.max(start, end);
    if (start < block.length) begun.add(block.subarray(start));
  }
  if (begun.length > 0) yield begun.take();
}

/** What is kept of either end of a line that is too long: it says whose line it is. */
const keptBytes = 64 << 10;

/** A line whose end has not been read yet; its pieces are joined once, however many they are. */
class BegunLine {
  readonly #longest: number;
  #pieces: Buffer[] = [];
  #length = 0;
  /** The beginning, where it is too long; what is held is then its end so far. */
  #beginning: Buffer | null = null;

  constructor(longest: number) {
    this.#longest = longest;
  }

  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length <= this.#longest) return;
    const held = Buffer.concat(this.#pieces);
    this.#beginning ??= Buffer.from(held.subarray(0, keptBytes));
    this.#pieces = [Buffer.from(held.subarray(-keptBytes))];
  }

  take(): WholeLines {
    const buffer = Buffer.concat(
      this.#beginning === null ? this.#pieces : [this.#beginning, ...this.#pieces],
    );
    const cutFrom = this.#beginning === null ? null : this.#length;
    this.#pieces = [];
    this.#length = 0;
    this.#beginning = null;
    return { buffer, cutFrom };
  }
}

function splitLines(
  buffer: Buffer,
  firstNumber: number,
  offset: number,
): { block: Omit<LineBlock, 'cutFrom'>; lines: number } {
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

/** The bytes of a file, unpacked where its name ends in `.gz`. @throws BatchlineError `results_unreadable` */
async function* readBytes(path: string, { signal, blockBytes }: LineReaderOptions): AsyncGenerator<Buffer> {
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
