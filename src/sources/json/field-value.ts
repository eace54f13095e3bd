import type { FieldKind, Value } from '../../core/value.ts';

/** A member of a record as a field of this kind; what is of another kind stays as it is. */
export function fieldValue(kind: FieldKind, value: Value | undefined): Value {
  if (value === undefined) return null;
  if (kind === 'float') return floatOf(value);
  if (typeof value === 'number') return integerOf(value) ?? (kind === 'numeric' ? String(value) : value);
  return kind === 'numeric' && JSON.isRawJSON(value) ? value.rawJSON : value;
}

/** A number without a fraction as an integer. Beyond 2^53 the digits that it is printed with are those of the file. */
export function integerOf(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  if (Number.isSafeInteger(value)) return BigInt(value);
  const digits = String(value);
  return digits.includes('e') ? undefined : BigInt(digits);
}

function floatOf(value: Value): Value {
  if (typeof value === 'bigint') return Number(value);
  return JSON.isRawJSON(value) ? Number(value.rawJSON) : value;
}
