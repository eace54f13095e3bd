import { numberText, printValue, valueToJson } from '../core/print.ts';
import type { Value } from '../core/value.ts';
import { arrayText, isList } from './array-text.ts';
import type { TextCleaner } from './clean-text.ts';
import type { ColumnType, TypeKind } from './column-type.ts';
import type { Floats } from './float-array-bytes.ts';
import { fitsFloat, invalid, outOfRange, textCheck, type TextCheck } from './value-check.ts';
import { ValueFault, type TextConverter } from './value-fault.ts';
import { isZero } from './vector-bytes.ts';
import { vectorFault } from './vector-fault.ts';

/** The converter of answers' values into a column of the type. */
export function valueConverter(type: ColumnType, cleaner: TextCleaner): TextConverter {
  return makers[type.kind](type, cleaner);
}

/**
 * The converter of key texts, which come in Postgres's own notation already and are only looked at.
 * A text in a JSON column is thus JSON, where `valueConverter` would make a JSON string of it.
 */
export function keyConverter(type: ColumnType, cleaner: TextCleaner): TextConverter {
  return checked(
    (value) => (typeof value === 'string' ? cleaner.text(value) : unfit(value)),
    textCheck(type),
  );
}

type ConverterMaker = (type: ColumnType, cleaner: TextCleaner) => TextConverter;

const makers: Readonly<Record<TypeKind, ConverterMaker>> = {
  text: plainConverter,
  other: plainConverter,
  json: jsonConverter,
  jsonb: jsonConverter,
  int2: (type) => checked(integerText, textCheck(type)),
  int4: (type) => checked(integerText, textCheck(type)),
  int8: (type) => checked(integerText, textCheck(type)),
  numeric: (type) => checked(digitsOf, textCheck(type)),
  float4: (type) => floatConverter('float4', textCheck(type)),
  float8: (type) => floatConverter('float8', textCheck(type)),
  boolean: () => checked(booleanText, checkBoolean),
  bytea: () => base64ToHex,
  vector: vectorConverter,
  halfvec: vectorConverter,
  sparsevec: vectorConverter,
  uuid: (type) => checked(textOnly, textCheck(type)),
  timestamp: (type) => checked(textOnly, textCheck(type)),
  date: (type) => checked(textOnly, textCheck(type)),
  enum: (type) => checked(textOnly, textCheck(type)),
  array: arrayConverter,
};

function checked(convert: TextConverter, check: TextCheck): TextConverter {
  return (value) => {
    const text = convert(value);
    return typeof text === 'string' ? (check(text) ?? text) : text;
  };
}

function plainConverter(type: ColumnType, cleaner: TextCleaner): TextConverter {
  return checked((value) => printed(value, cleaner), textCheck(type));
}

function jsonConverter(_type: ColumnType, cleaner: TextCleaner): TextConverter {
  return (value) => cleaner.json(valueToJson(value));
}

/** Any value as text; lists and maps as JSON. */
function printed(value: NonNullable<Value>, cleaner: TextCleaner): string {
  if (typeof value === 'string') return cleaner.text(value);
  if (typeof value !== 'object') return printValue(value);
  return JSON.isRawJSON(value) ? value.rawJSON : cleaner.json(valueToJson(value));
}

function textOnly(value: NonNullable<Value>): string | ValueFault {
  return typeof value === 'string' ? value : unfit(value);
}

const wholeWithPoint = /^(\s*[+-]?\d+)\.0*\s*$/;

function integerText(value: NonNullable<Value>): string | ValueFault {
  if (typeof value === 'number') {
    const isWhole = Number.isInteger(value);
    return isWhole
      ? BigInt(value).toString()
      : new ValueFault('invalid_value', `cannot hold ${value}, which is not whole`);
  }
  const digits = digitsOf(value);
  return typeof digits === 'string' ? digits.replace(wholeWithPoint, '$1') : digits;
}

/** A number or text, printed; a number of JSON that no double holds is kept as its digits. */
function digitsOf(value: NonNullable<Value>): string | ValueFault {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return numberText(value);
  return JSON.isRawJSON(value) ? value.rawJSON : textOnly(value);
}

function floatConverter(kind: 'float4' | 'float8', check: TextCheck): TextConverter {
  const convert = checked(digitsOf, check);
  return (value) => {
    if (typeof value !== 'number') return convert(value);
    return fitsFloat(value, kind) ? numberText(value) : outOfRange(numberText(value));
  };
}

function booleanText(value: NonNullable<Value>): string | ValueFault {
  return typeof value === 'boolean' ? String(value) : textOnly(value);
}

/** Text is refused where it says neither true nor false; `1` is an integer, which Postgres does not assign either. */
function checkBoolean(text: string): ValueFault | null {
  return /^\s*(?:true|false|t|f|yes|no|y|n|on|off)\s*$/i.test(text) ? null : invalid(text);
}

const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function base64ToHex(value: NonNullable<Value>): string | ValueFault {
  if (typeof value !== 'string') return unfit(value);
  if (!base64.test(value)) return new ValueFault('invalid_value', 'takes base64 text, which this is not');
  return `\\x${Buffer.from(value, 'base64').toString('hex')}`;
}

function vectorConverter(type: ColumnType): TextConverter {
  const check = textCheck(type);
  const print = type.kind === 'sparsevec' ? sparseText : denseText;
  return (value) => {
    if (typeof value === 'string') return check(value) ?? value;
    if (!isVector(value)) return unfit(value);
    return vectorFault(value, type) ?? print(value);
  };
}

function isVector(value: NonNullable<Value>): value is Floats {
  return (
    value instanceof Float32Array || (isList(value) && value.every((entry) => typeof entry === 'number'))
  );
}

function denseText(floats: Floats): string {
  return `[${Array.from(floats, numberText).join(',')}]`;
}

/** Elements are counted from 1 here, unlike in the binary form. */
function sparseText(floats: Floats): string {
  const elements = Array.from(floats, (float, index) => (isZero(float) ? '' : `${index + 1}:${float}`));
  return `{${elements.filter((element) => element !== '').join(',')}}/${floats.length}`;
}

function arrayConverter(type: ColumnType, cleaner: TextCleaner): TextConverter {
  const element = type.element ?? 'other';
  // Labels and lengths of the elements are for the server to judge.
  const bare: ColumnType = {
    ...type,
    kind: element === 'enum' ? 'other' : element,
    element: null,
    limit: null,
  };
  const convert = makers[bare.kind](bare, cleaner);
  const check = textCheck(type);
  return (value) => {
    if (typeof value === 'string') {
      const text = cleaner.text(value);
      return check(text) ?? text;
    }
    if (!isList(value) && !(value instanceof Float32Array)) return unfit(value);
    return arrayText(Array.from<Value>(value), element, convert, type.delimiter);
  };
}

function unfit(value: NonNullable<Value>): ValueFault {
  return new ValueFault('invalid_value', `cannot hold ${nameOf(value)}`);
}

function nameOf(value: NonNullable<Value>): string {
  if (typeof value === 'string') return 'text';
  if (value instanceof Float32Array) return 'a vector';
  if (isList(value)) return 'a list';
  if (typeof value === 'object') return JSON.isRawJSON(value) ? `the number ${value.rawJSON}` : 'a map';
  return typeof value === 'boolean' ? `the boolean ${value}` : `the number ${value}`;
}
