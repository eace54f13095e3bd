import type { CopyBuffer } from './copy-buffer.ts';
import type { Floats } from './float-array-bytes.ts';

/**
 * The binary forms of pgvector's types, as its `*_recv` functions read them. The vectors must have passed
 * `vectorFault`: what the server refuses here it would refuse with the whole batch.
 */

/** `vector`: dimensions and an unused word of two bytes each, then the elements without lengths. */
export function writeVector(floats: Floats, buffer: CopyBuffer): void {
  let at = writeDimensions(floats.length, 4, buffer);
  for (const float of floats) at = buffer.bytes.writeFloatBE(float, at);
}

/** One conversion at a time, so that all rows share it: each is filled and read without an await between. */
let halves = new Float16Array(0);

/**
 * `halfvec`: as `vector`, with IEEE 754 half-precision elements. They are rounded from single precision to the nearest,
 * ties to even, as the server's own cast does.
 */
export function writeHalfVector(floats: Floats, buffer: CopyBuffer): void {
  const { length } = floats;
  if (halves.length < length) halves = new Float16Array(length);
  halves.set(floats instanceof Float32Array ? floats : Float32Array.from(floats));
  const bits = new Uint16Array(halves.buffer, 0, length);
  let at = writeDimensions(length, 2, buffer);
  for (const half of bits) at = buffer.bytes.writeUInt16BE(half, at);
}

function writeDimensions(dimensions: number, elementSize: number, buffer: CopyBuffer): number {
  const size = 4 + dimensions * elementSize;
  const start = buffer.reserve(4 + size);
  buffer.bytes.writeInt32BE(size, start);
  buffer.bytes.writeInt16BE(dimensions, start + 4);
  buffer.bytes.writeInt16BE(0, start + 6);
  return start + 8;
}

/** `sparsevec`: dimensions, elements and an unused word; then the elements' indexes, from 0, and then their values. */
export function writeSparseVector(floats: Floats, buffer: CopyBuffer): void {
  const count = countNonZero(floats);
  const size = 12 + count * 8;
  const start = buffer.reserve(4 + size);
  const { bytes } = buffer;
  bytes.writeInt32BE(size, start);
  bytes.writeInt32BE(floats.length, start + 4);
  bytes.writeInt32BE(count, start + 8);
  bytes.writeInt32BE(0, start + 12);
  let indexAt = start + 16;
  let valueAt = indexAt + count * 4;
  for (const [index, float] of floats.entries()) {
    if (isZero(float)) continue;
    indexAt = bytes.writeInt32BE(index, indexAt);
    valueAt = bytes.writeFloatBE(float, valueAt);
  }
}

export function countNonZero(floats: Floats): number {
  let count = 0;
  for (const float of floats) if (!isZero(float)) count += 1;
  return count;
}

/** What single precision holds as zero is none of a sparse vector's elements. */
export function isZero(float: number): boolean {
  return Math.fround(float) === 0;
}
