import { parseExactJson } from '../core/exact-json.ts';
import type { Field, FieldKind, Value } from '../core/value.ts';

/**
 * A carried field as it was before it went through the rows file: JSON knows one kind of number, so integers come
 * back as numbers and are made integers again, and NaN and the infinities come back as text.
 */
export function reviveCarried(field: Field, value: Value): Value {
  return revivers[field.kind]?.(value) ?? value;
}

/** One part of a key, which is always text, as a value of its field's kind. */
export function reviveKey(field: Field | undefined, text: string): Value {
  if (field?.kind === 'integer') return toInteger(text);
  if (field?.kind === 'json') return parseExactJson(text);
  return field?.kind === 'float' ? toFloat(text) : text;
}

const revivers: Readonly<Partial<Record<FieldKind, (value: Value) => Value>>> = {
  integer: toInteger,
  float: toFloat,
  numeric: toDigits,
};

function toInteger(value: Value): Value {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  return typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : value;
}

function toFloat(value: Value): Value {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
}

/** A whole number is an integer, however long; of any other every digit is kept, as text. */
function toDigits(value: Value): Value {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : String(value);
  return JSON.isRawJSON(value) ? value.rawJSON : value;
}
