import { isUtf8 } from 'node:buffer';

/** What was wrong with a file's bytes. */
export type TextFault = 'invalid-utf8' | 'nul';

export interface TextOptions {
  /** A label that TextDecoder knows; a byte order mark at the beginning overrides it. */
  readonly encoding: string;
  /** Told of each fault, possibly many times. */
  readonly onFault: (fault: TextFault) => void;
}

/** Ctrl-Z, which DOS ended a text with, and some programs still do. */
const endMark = 0x1a;

/** The same without Ctrl-Z at the end. */
export async function* withoutEndMark(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let held = 0;
  for await (const chunk of chunks) {
    const end = chunk.findLastIndex((byte) => byte !== endMark) + 1;
    if (end > 0 && held > 0) yield Buffer.alloc(held, endMark);
    held = end > 0 ? chunk.length - end : held + chunk.length;
    if (end > 0) yield chunk.subarray(0, end);
  }
}

/**
 * Bytes of any encoding as UTF-8 without a byte order mark. No character is cut between two chunks. Bytes that are
 * not text, and NUL, which no database column takes, become U+FFFD.
 */
export async function* textChunks(
  chunks: AsyncIterable<Buffer>,
  options: TextOptions,
): AsyncGenerator<Buffer, void, undefined> {
  let convert: Converter | undefined;
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    if (convert === undefined) {
      if (held.length < 3) continue;
      [convert, held] = begin(held, options);
    }
    const end = convert.completeLength(held);
    const text = convert.toUtf8(held.subarray(0, end), false);
    held = held.subarray(end);
    if (text.length > 0) yield withoutNul(text, options);
  }
  if (convert === undefined) [convert, held] = begin(held, options);
  const rest = convert.toUtf8(held, true);
  if (rest.length > 0) yield withoutNul(rest, options);
}

interface Converter {
  /** The bytes of a chunk that end with a whole character. */
  completeLength(bytes: Buffer): number;
  toUtf8(bytes: Buffer, isLast: boolean): Buffer;
}

/** Chooses the converter by byte order mark, else by the configured encoding; returns the bytes behind the mark. */
function begin(bytes: Buffer, options: TextOptions): [Converter, Buffer] {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return [utf8(options), bytes.subarray(3)];
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return [decoded('utf-16le'), bytes.subarray(2)];
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return [decoded('utf-16be'), bytes.subarray(2)];
  const { encoding } = new TextDecoder(options.encoding);
  return [encoding === 'utf-8' ? utf8(options) : decoded(encoding), bytes];
}

function utf8({ onFault }: TextOptions): Converter {
  return {
    completeLength: completeUtf8Length,
    toUtf8(bytes) {
      if (isUtf8(bytes)) return bytes;
      onFault('invalid-utf8');
      return Buffer.from(bytes.toString('utf8'));
    },
  };
}

function decoded(encoding: string): Converter {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return {
    completeLength: (bytes) => bytes.length,
    toUtf8: (bytes, isLast) => Buffer.from(decoder.decode(bytes, { stream: !isLast })),
  };
}

/** The length without the first bytes of a character whose last bytes are still to come. */
function completeUtf8Length(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    return back < sequenceLength(byte) ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

function withoutNul(text: Buffer, { onFault }: TextOptions): Buffer {
  if (!text.includes(0)) return text;
  onFault('nul');
  return Buffer.from(text.toString('latin1').replaceAll('\0', '\u00ef\u00bf\u00bd'), 'latin1');
}
