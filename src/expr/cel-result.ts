import { Optional } from '@marcbachmann/cel-js';
import type { Value } from '../core/value.ts';

/**
 * What an expression came to, as a value of ours: times as RFC 3339 text in UTC, durations as CEL prints them,
 * bytes as base64, an absent optional as null.
 */
export function toValue(result: unknown): Value {
  if (typeof result === 'object') return result === null ? null : objectToValue(result);
  return isScalar(result) ? result : null;
}

function isScalar(value: unknown): value is string | boolean | bigint | number {
  return ['string', 'boolean', 'bigint', 'number'].includes(typeof value);
}

function objectToValue(result: object): Value {
  if (Array.isArray(result)) return result.map(toValue);
  if (result instanceof Float32Array) return result;
  if (result instanceof Date) return result.toISOString();
  if (result instanceof Uint8Array) return Buffer.from(result).toString('base64');
  if (result instanceof Optional) return toValue(result.orValue(null));
  if (JSON.isRawJSON(result)) return result;
  const prototype: unknown = Object.getPrototypeOf(result);
  return prototype === Object.prototype || prototype === null ? mapToValue(result) : scalarToValue(result);
}

function mapToValue(map: object): Value {
  // fromEntries defines its properties, so that a key such as __proto__ stays data.
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, toValue(value)]));
}

/** CEL's own classes: unsigned integers unwrap to a bigint, durations and types print themselves. */
function scalarToValue(result: object): Value {
  const unwrapped: unknown = result.valueOf();
  // oxlint-disable-next-line typescript/no-base-to-string -- these classes define toString
  return typeof unwrapped === 'bigint' ? unwrapped : String(result);
}
