import type { ColumnType, TypeKind } from './column-type.ts';
import { ValueFault } from './value-fault.ts';

/** Looks at a text that is to become a value of the type; null where nothing speaks against it. */
export type TextCheck = (text: string) => ValueFault | null;

const integerRange: Partial<Record<TypeKind, readonly [bigint, bigint]>> = {
  int2: [-32_768n, 32_767n],
  int4: [-2_147_483_648n, 2_147_483_647n],
  int8: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
};

const numericSyntax =
  /^\s*[+-]?(?:nan|inf(?:inity)?|0[xob]\w+|[\d_]+\.?[\d_]*(?:e[+-]?\d+)?|\.\d[\d_]*(?:e[+-]?\d+)?)\s*$/i;
const booleanSyntax = /^\s*(?:t|tr|tru|true|f|fa|fal|fals|false|y|ye|yes|n|no|on|of|off|0|1)\s*$/i;
const uuidSyntax = /^(?:\{(?:[0-9a-f]{4}-?){8}\}|(?:[0-9a-f]{4}-?){8})$/i;

const checks: Readonly<Record<TypeKind, (type: ColumnType) => TextCheck>> = {
  int2: () => integerCheck('int2'),
  int4: () => integerCheck('int4'),
  int8: () => integerCheck('int8'),
  numeric: () => syntaxCheck(numericSyntax),
  float4: () => floatCheck('float4'),
  float8: () => floatCheck('float8'),
  boolean: () => syntaxCheck(booleanSyntax),
  uuid: () => syntaxCheck(uuidSyntax),
  timestamp: () => checkDate,
  date: () => checkDate,
  enum: (type) => (text) => (type.labels?.has(text) === false ? invalid(text) : null),
  text: (type) => (type.limit === null ? pass : lengthCheck(type.limit)),
  array: () => syntaxCheck(/^\s*[[{][^]*\}\s*$/),
  vector: () => syntaxCheck(/^\s*\[[^]*\]\s*$/),
  halfvec: () => syntaxCheck(/^\s*\[[^]*\]\s*$/),
  sparsevec: () => syntaxCheck(/^\s*\{[^]*\}\s*\/\s*\d+\s*$/),
  json: () => checkJson,
  jsonb: () => checkJson,
  bytea: () => pass,
  other: () => pass,
};

/**
 * The check of a type's text input, so that most bad values are refused before they reach the server and take their
 * whole batch with them. It refuses only what Postgres surely refuses too: what it lets pass wrongly, the server finds.
 */
export function textCheck(type: ColumnType): TextCheck {
  return checks[type.kind](type);
}

function pass(): null {
  return null;
}

function syntaxCheck(syntax: RegExp): TextCheck {
  return (text) => (syntax.test(text) ? null : invalid(text));
}

const decimalInteger = /^\s*[+-]?\d+\s*$/;
const otherInteger = /^\s*[+-]?(?:0x[\da-f_]+|0o[0-7_]+|0b[01_]+|\d[\d_]*)\s*$/i;

function integerCheck(kind: TypeKind): TextCheck {
  const [lowest, highest] = integerRange[kind] ?? [0n, 0n];
  const safeDigits = String(highest).length - 1;
  return (text) => {
    // Hexadecimal and grouped digits are read by newer servers only: let the server decide.
    if (!decimalInteger.test(text)) return otherInteger.test(text) ? null : invalid(text);
    if (text.length <= safeDigits) return null;
    const number = BigInt(text.trim().replace('+', ''));
    return number < lowest || number > highest ? outOfRange(text) : null;
  };
}

const floatSyntax =
  /^\s*[+-]?(?:nan|inf(?:inity)?|0x[\da-f.]+(?:p[+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i;

function floatCheck(kind: 'float4' | 'float8'): TextCheck {
  return (text) => {
    if (!floatSyntax.test(text)) return invalid(text);
    if (/[a-df-z]/i.test(text)) return null;
    return overflows(text) || !fitsFloat(Number(text), kind) ? outOfRange(text) : null;
  };
}

function overflows(text: string): boolean {
  const number = Number(text);
  return !Number.isFinite(number) || (number === 0 && /[1-9]/.test(text.replace(/e.*/i, '')));
}

/** Postgres refuses what a real would hold as an infinity or, though it is not zero, as zero. */
export function fitsFloat(number: number, kind: 'float4' | 'float8'): boolean {
  if (kind === 'float8' || !Number.isFinite(number) || number === 0) return true;
  const rounded = Math.fround(number);
  return Number.isFinite(rounded) && rounded !== 0;
}

const isoDate = /^\s*(\d{4,})-(\d{1,2})-(\d{1,2})(?:(?:\s+|T)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d*)?)?)?/i;
const dateWord = /^\s*(?:now|today|tomorrow|yesterday|epoch|[+-]?infinity)\s*$/i;
const daysInMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function checkDate(text: string): ValueFault | null {
  const iso = isoDate.exec(text);
  // Postgres reads many more ways of writing a date, all of which have a digit.
  if (iso === null) return /\d/.test(text) || dateWord.test(text) ? null : invalid(text);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = iso
    .slice(1)
    .map((part) => Number(part ?? 0));
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && !isLeap ? 28 : (daysInMonth[month - 1] ?? 0);
  const fits = day >= 1 && day <= days && hour <= 24 && minute <= 59 && second <= 60;
  // A year before our era counts its leap years otherwise.
  return fits || /bc/i.test(text) ? null : outOfRange(text);
}

function lengthCheck(limit: number): TextCheck {
  return (text) => {
    if (text.length <= limit) return null;
    const characters = Array.from(text);
    // As in the SQL standard, spaces beyond the limit are dropped.
    if (characters.length <= limit || characters.slice(limit).every((character) => character === ' '))
      return null;
    return new ValueFault(
      'value_out_of_range',
      `takes ${limit} characters and the text has ${characters.length}`,
    );
  };
}

function checkJson(text: string): ValueFault | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    return invalid(text);
  }
}

export function invalid(text: string): ValueFault {
  return new ValueFault('invalid_value', `cannot hold the text ${excerpt(text)}`);
}

export function outOfRange(text: string): ValueFault {
  return new ValueFault('value_out_of_range', `cannot hold ${excerpt(text)}, which is out of range`);
}

const excerptLength = 40;

function excerpt(text: string): string {
  return JSON.stringify(text.length > excerptLength ? `${text.slice(0, excerptLength)}...` : text);
}
