import { parseExactJson } from '../../core/exact-json.ts';
import { longestRow, rowTooLarge } from '../../core/longest-row.ts';
import { tooDeep } from '../../core/nesting.ts';
import { valueToJson } from '../../core/print.ts';
import type { Value } from '../../core/value.ts';

/** The types that a module's fields may be declared with. */
export const moduleKinds = ['text', 'integer', 'float', 'boolean', 'timestamp', 'json'] as const;
export type ModuleKind = (typeof moduleKinds)[number];

export const moduleSqlTypes: Readonly<Record<ModuleKind, string>> = {
  text: 'text',
  integer: 'bigint',
  float: 'double precision',
  boolean: 'boolean',
  timestamp: 'timestamp with time zone',
  json: 'jsonb',
};

const converters: Readonly<Record<ModuleKind, (value: unknown) => Value | undefined>> = {
  text: (value) => (typeof value === 'string' ? bounded(value) : undefined),
  integer(value) {
    if (typeof value === 'bigint') return value;
    return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
  },
  float: (value) => (typeof value === 'number' ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  timestamp: toTimestamp,
  json: toJson,
};

/**
 * What a module returned for a field of a type, as a value; undefined where it is of another type.
 *
 * @throws BatchlineError `row_too_large`, `nested_too_deep`
 */
export function typedValue(value: unknown, kind: ModuleKind): Value | undefined {
  return value === null ? null : converters[kind](value);
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** A text in UTC stays as it is, since a Date would lose its microseconds. */
function toTimestamp(value: unknown): Value | undefined {
  if (typeof value === 'string' && !rfc3339.test(value)) return undefined;
  const date = value instanceof Date ? value : new Date(typeof value === 'string' ? value : Number.NaN);
  if (Number.isNaN(date.getTime())) return undefined;
  return typeof value === 'string' && value.endsWith('Z') ? value : date.toISOString();
}

/** A copy, so that what the module goes on to do with its own object changes no row. */
function toJson(value: unknown): Value | undefined {
  // A function or a symbol has no JSON.
  const json: string | undefined = jsonOf(value);
  return json === undefined ? undefined : parseExactJson(bounded(json));
}

function jsonOf(value: unknown): string | undefined {
  try {
    return valueToJson(value as Value);
  } catch (error) {
    // The stack has no room for as many levels.
    throw error instanceof RangeError ? tooDeep() : error;
  }
}

function bounded(text: string): string {
  if (text.length > longestRow) throw rowTooLarge(text.length);
  return text;
}
