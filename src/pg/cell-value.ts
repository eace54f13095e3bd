import { parseExactJson } from '../core/exact-json.ts';
import type { FieldKind, Value } from '../core/value.ts';
import { parseArrayLiteral } from './array-literal.ts';

/** What the cells of a column mean. */
export interface CellType {
  readonly kind: FieldKind;
  /** Of arrays: the elements' type, and what stands between them. */
  readonly element?: CellType;
  readonly delimiter?: string;
}

const wholeNumber = /^-?\d+$/;

const decoders: Readonly<Record<FieldKind, (text: string, type: CellType) => Value>> = {
  text: (text) => text,
  boolean: (text) => text === 't',
  integer: (text) => BigInt(text),
  float: (text) => Number(text),
  numeric: (text) => (wholeNumber.test(text) ? BigInt(text) : text),
  timestamp: rfc3339,
  bytes: (text) => Buffer.from(text.slice(2), 'hex').toString('base64'),
  json: (text) => parseExactJson(text),
  array: arrayValue,
};

/**
 * The value of a Postgres text under the settings of `transactionSettings`, as templates and expressions see it:
 * numbers keep all their digits, and times and bytes have one notation each.
 */
export function cellValue(type: CellType, text: string): Value {
  return decoders[type.kind](text, type);
}

function arrayValue(
  text: string,
  { element = { kind: 'text' }, delimiter = ',' }: CellType,
): readonly Value[] {
  return parseArrayLiteral(text, delimiter, (item) => cellValue(element, item));
}

const isoTimestamp = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?$/;

/** A time in UTC. The infinities, years before Christ and after 9999 have no RFC 3339 form and stay as they are. */
function rfc3339(text: string): string {
  return text.replace(isoTimestamp, '$1T$2Z');
}
