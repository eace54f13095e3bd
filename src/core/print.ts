import type { Value } from './value.ts';

/** A value as a template prints it: null as nothing, lists and maps as JSON. */
export function printValue(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? valueToJson(value) : String(value);
}

/** A value as JSON text. Integers keep all their digits; NaN and the infinities, which JSON lacks, become text. */
export function valueToJson(value: Value): string {
  return JSON.stringify(value, replaceForJson);
}

function replaceForJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return JSON.rawJSON(value.toString());
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Float32Array) return Array.from(value);
  return value;
}
