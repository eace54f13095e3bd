import { endianness } from 'node:os';

const isBigEndian = endianness() === 'BE';

/** An embedding out of base64 of little-endian 32-bit floats, or out of a list of numbers; null where it is neither. */
export function readVector(value: unknown): Float32Array | null {
  if (typeof value === 'string') return decode(value);
  if (!Array.isArray(value) || value.length === 0) return null;
  return value.every((item) => typeof item === 'number') ? Float32Array.from(value) : null;
}

function decode(base64: string): Float32Array | null {
  const bytes = Buffer.byteLength(base64, 'base64');
  if (bytes === 0 || bytes % 4 !== 0) return null;
  // Decoded straight into memory of its own, which is aligned as floats must be; a pooled Buffer need not be.
  const vector = new Float32Array(bytes / 4);
  const view = Buffer.from(vector.buffer);
  if (view.write(base64, 'base64') !== bytes) return null;
  if (isBigEndian) view.swap32();
  return vector;
}
