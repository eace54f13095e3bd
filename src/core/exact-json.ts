import type { Value } from './value.ts';

declare global {
  // Node 24 has it; TypeScript's library does not yet (https://github.com/tc39/proposal-json-parse-with-source).
  interface JSON {
    rawJSON(text: string): { readonly rawJSON: string };
    isRawJSON(value: unknown): value is { readonly rawJSON: string };
  }
}

const longNumber = /\d{16}/;

/**
 * Parses JSON without losing a digit: an integer that a double cannot hold comes out as a bigint, and a fraction
 * that it cannot hold as `JSON.rawJSON`; `valueToJson` writes both back unchanged.
 *
 * @throws SyntaxError where the text is not JSON
 */
export function parseExactJson(text: string): Value {
  return longNumber.test(text) ? (JSON.parse(text, keepDigits) as Value) : (JSON.parse(text) as Value);
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  if (/^-?\d+$/.test(source)) return BigInt(source);
  return longNumber.test(source) ? JSON.rawJSON(source) : value;
}
