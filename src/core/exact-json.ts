import { refuseUnwieldy } from './nesting.ts';
import type { Value } from './value.ts';

declare global {
  // Node 24 has it; TypeScript's library does not yet (https://github.com/tc39/proposal-json-parse-with-source).
  interface JSON {
    rawJSON(text: string): { readonly rawJSON: string };
    isRawJSON(value: unknown): value is { readonly rawJSON: string };
  }
}

const longNumber = /\d{16}/;
/** Beyond a double's range: 1e400, 1e-400. */
const wideExponent = /\d[eE][+-]?\d{3,}\s*(?:[,\]}]|$)/;

/**
 * Parses JSON without losing a digit: an integer that a double cannot hold comes out as a bigint, and a fraction
 * that it cannot hold as `JSON.rawJSON`; `valueToJson` writes both back unchanged.
 *
 * @throws SyntaxError where the text is not JSON, BatchlineError `nested_too_deep`, `row_too_large`
 */
export function parseExactJson(text: string): Value {
  refuseUnwieldy(text);
  return parseStoredJson(text);
}

/** The same of text that we have written: values that were read so stand in it, a few levels further down. */
export function parseStoredJson(text: string): Value {
  const mayLose = longNumber.test(text) || wideExponent.test(text);
  return mayLose ? (JSON.parse(text, keepDigits) as Value) : (JSON.parse(text) as Value);
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  // No integer has the sign of -0.
  if (/^-?\d+$/.test(source)) return value === 0 ? value : BigInt(source);
  const isOutOfRange = wideExponent.test(source) && (value === 0 || !Number.isFinite(value));
  return isOutOfRange || longNumber.test(source) ? JSON.rawJSON(source) : value;
}
