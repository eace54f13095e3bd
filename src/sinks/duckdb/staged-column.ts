import { valueToJson } from '../../core/print.ts';
import type { Value } from '../../core/value.ts';
import type { TextCleaner } from '../../pg/clean-text.ts';
import type { ColumnType, TypeKind } from '../../pg/column-type.ts';
import type { CopyColumn } from '../../pg/copy-column.ts';
import { ValueFault, type TextConverter } from '../../pg/value-fault.ts';
import { keyConverter, valueConverter } from '../../pg/value-text.ts';
import type { TargetColumn } from './target.ts';

/** A column as it is staged: most as text, which the load casts; lists of floats as they are, bit for bit. */
export interface StagedColumn extends CopyColumn {
  readonly storage: 'VARCHAR' | 'FLOAT[]' | 'DOUBLE[]';
  /** Of a fixed list of floats its length. */
  readonly dimensions: number | null;
  /** SQL that makes the column's type of what is staged. */
  readonly typed: (staged: string) => string;
  /** Whether that never fails. */
  readonly isSure: boolean;
}

const plainKinds: Readonly<Record<string, TypeKind>> = {
  BOOLEAN: 'boolean',
  SMALLINT: 'int2',
  INTEGER: 'int4',
  BIGINT: 'int8',
  FLOAT: 'float4',
  DOUBLE: 'float8',
  VARCHAR: 'text',
  JSON: 'json',
  UUID: 'uuid',
  BLOB: 'bytea',
  DATE: 'date',
};

const unsigned = (bits: number): readonly [bigint, bigint] => [0n, 2n ** BigInt(bits) - 1n];
const signed = (bits: number): readonly [bigint, bigint] => [
  -(2n ** BigInt(bits - 1)),
  2n ** BigInt(bits - 1) - 1n,
];

/** Integers that Postgres does not have. */
const ranges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  TINYINT: signed(8),
  UTINYINT: unsigned(8),
  USMALLINT: unsigned(16),
  UINTEGER: unsigned(32),
  UBIGINT: unsigned(64),
  HUGEINT: signed(128),
  UHUGEINT: unsigned(128),
};

const floatList = /^(FLOAT|DOUBLE)\[(\d*)\]$/;

export function stagedColumn(column: TargetColumn, isKey: boolean, cleaner: TextCleaner): StagedColumn {
  const { name, declared, notNull } = column;
  const type = typeOf(declared);
  const [, element, length] = floatList.exec(declared) ?? [];
  const isNested = /\]$|^(?:STRUCT|MAP|UNION)\(/.test(declared);
  const cast = (staged: string): string => `CAST(${staged} AS ${declared})`;
  return {
    name,
    type,
    required: notNull,
    convert: isNested ? jsonText(cleaner) : converterOf(type, isKey, cleaner),
    storage: element === undefined ? 'VARCHAR' : (`${element}[]` as 'FLOAT[]' | 'DOUBLE[]'),
    dimensions: length === undefined || length === '' ? null : Number(length),
    typed:
      isNested && element === undefined
        ? (staged) => cast(`CAST(${staged} AS JSON)`)
        : castOf(declared, cast),
    isSure: declared === 'VARCHAR' || element !== undefined,
  };
}

function castOf(declared: string, cast: StagedColumn['typed']): StagedColumn['typed'] {
  if (declared === 'VARCHAR') return (staged) => staged;
  // As Postgres prints bytes: \x00ff.
  return declared === 'BLOB' ? (staged) => `unhex(substr(${staged}, 3))` : cast;
}

function typeOf(declared: string): ColumnType {
  return { declared, castName: declared, kind: kindOf(declared), element: null, limit: null, labels: null };
}

function kindOf(declared: string): TypeKind {
  if (declared.startsWith('DECIMAL') || ranges[declared] !== undefined) return 'numeric';
  if (declared.startsWith('TIMESTAMP')) return 'timestamp';
  return plainKinds[declared] ?? (declared.startsWith('ENUM') ? 'enum' : 'other');
}

function converterOf(type: ColumnType, isKey: boolean, cleaner: TextCleaner): TextConverter {
  const range = ranges[type.declared];
  const convert = isKey ? keyConverter(type, cleaner) : valueConverter(type, cleaner);
  return range === undefined ? convert : integerWithin(range, convert);
}

function jsonText(cleaner: TextCleaner): TextConverter {
  return (value) => cleaner.json(valueToJson(value));
}

const wholeWithPoint = /^(\s*[+-]?\d+)(?:\.0*)?\s*$/;

/** DuckDB would round what is not whole. */
function integerWithin([lowest, highest]: readonly [bigint, bigint], convert: TextConverter): TextConverter {
  return (value) => {
    const printed =
      typeof value === 'number' && Number.isInteger(value) ? String(BigInt(value)) : convert(value);
    if (typeof printed !== 'string') return printed;
    const digits = wholeWithPoint.exec(printed)?.[1]?.trim().replace('+', '');
    if (digits === undefined)
      return new ValueFault('invalid_value', `cannot hold ${printed}, which is not whole`);
    const number = BigInt(digits);
    if (number >= lowest && number <= highest) return digits;
    return new ValueFault('value_out_of_range', `cannot hold ${digits}, which is out of range`);
  };
}

/** A value as a list of floats. */
export function floatsOf(
  column: StagedColumn,
  value: NonNullable<Value>,
): Float32Array | readonly (number | null)[] | ValueFault {
  if (!(value instanceof Float32Array) && !isNumbers(value))
    return new ValueFault('invalid_value', 'takes a list of numbers, which this is not');
  const { dimensions } = column;
  if (dimensions === null || value.length === dimensions) return value;
  return new ValueFault('invalid_value', `takes ${dimensions} dimensions and the vector has ${value.length}`);
}

function isNumbers(value: Value): value is readonly (number | null)[] {
  return Array.isArray(value) && value.every((item) => item === null || typeof item === 'number');
}
