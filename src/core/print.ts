import type { Value } from './value.ts';

/** A value as a template prints it: null as nothing, lists and maps as JSON. */
export function printValue(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(value);
  return typeof value === 'object' ? valueToJson(value) : String(value);
}

/** The shortest decimal that reads back as the same number; JavaScript itself drops the sign of zero. */
export function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A value as JSON text. Integers keep all their digits; NaN and the infinities, which JSON lacks, become text. */
export function valueToJson(value: Value): string {
  return JSON.stringify(value, replaceForJson);
}

function replaceForJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return JSON.rawJSON(value.toString());
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return JSON.rawJSON('-0');
  if (value instanceof Float32Array) return Array.from(value);
  return value;
}
