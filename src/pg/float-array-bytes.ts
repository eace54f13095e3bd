import { endianness } from 'node:os';
import type { Value } from '../core/value.ts';
import type { CopyBuffer } from './copy-buffer.ts';

/** A vector that can go into a binary COPY. */
export type Floats = Float32Array | readonly number[];

const headerSize = 20;
const float4Oid = 700;
const float8Oid = 701;
const hostIsLittleEndian = endianness() === 'LE';

/** Pairs of length word and value, in network order; kept, since every row of a table has as many. */
let pairs = new Uint32Array(0);

export function isFloats(value: Value): value is Floats {
  if (value instanceof Float32Array) return true;
  return Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'number');
}

/** Writes the binary form of `real[]`: header, then each element behind its length. */
export function writeFloat4Array(floats: Floats, buffer: CopyBuffer): void {
  const vector = floats instanceof Float32Array ? floats : Float32Array.from(floats);
  const bits = new Uint32Array(vector.buffer, vector.byteOffset, vector.length);
  const count = bits.length * 2;
  if (pairs.length < count) pairs = new Uint32Array(count);
  const elementSize = networkOrder(4);
  for (let index = 0; index < bits.length; index += 1) {
    pairs[index * 2] = elementSize;
    pairs[index * 2 + 1] = networkOrder(bits[index] as number);
  }
  const start = writeHeader(float4Oid, bits.length, count * 4, buffer);
  buffer.bytes.set(new Uint8Array(pairs.buffer, 0, count * 4), start);
}

function networkOrder(word: number): number {
  if (!hostIsLittleEndian) return word;
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** Writes the binary form of `double precision[]`. */
export function writeFloat8Array(floats: Floats, buffer: CopyBuffer): void {
  let at = writeHeader(float8Oid, floats.length, floats.length * 12, buffer);
  for (const float of floats) {
    buffer.bytes.writeInt32BE(8, at);
    buffer.bytes.writeDoubleBE(float, at + 4);
    at += 12;
  }
}

/** The field's length and the array's header; an empty array has no dimension. Returns where the elements begin. */
function writeHeader(elementOid: number, length: number, size: number, buffer: CopyBuffer): number {
  const dimensions = length === 0 ? 0 : 1;
  const used = length === 0 ? headerSize - 8 : headerSize;
  const start = buffer.reserve(4 + used + size);
  const { bytes } = buffer;
  bytes.writeInt32BE(used + size, start);
  bytes.writeInt32BE(dimensions, start + 4);
  bytes.writeInt32BE(0, start + 8);
  bytes.writeInt32BE(elementOid, start + 12);
  if (dimensions === 1) {
    bytes.writeInt32BE(length, start + 16);
    bytes.writeInt32BE(1, start + 20);
  }
  return start + 4 + used;
}
