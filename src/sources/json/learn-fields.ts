import type { Field, FieldKind, Value } from '../../core/value.ts';
import { integerOf } from './field-value.ts';
import { type JsonRecord, memberOf } from './json-record.ts';

/** What a field holds, as far as was seen; undefined: nothing but null. */
type Seen = Extract<FieldKind, 'text' | 'boolean' | 'integer' | 'float' | 'numeric' | 'json'> | undefined;

/**
 * The fields of records: the union of their members' names, in the order of their first appearance, each of the kind
 * that all its values have, and JSON where they have several. In a created table each is text, as of every file: what
 * later records hold, nobody knows.
 *
 * @param names the fields, where they are listed
 */
export function learnFields(
  records: readonly JsonRecord[],
  names: readonly string[] | null,
): readonly Field[] {
  const kinds = new Map<string, Seen>(names?.map((name) => [name, undefined]));
  for (const { object } of records) {
    for (const name of names ?? Object.keys(object)) {
      kinds.set(name, together(kinds.get(name), kindOf(memberOf(object, name) ?? null)));
    }
  }
  return Array.from(kinds, ([name, seen]) => ({ name, kind: seen ?? 'json', sqlType: 'text' }));
}

/** A key is text, but for whole numbers: other values have no one notation that a key column could hold. */
export function keyField(field: Field): Field {
  return field.kind === 'integer' || field.kind === 'numeric' ? field : { ...field, kind: 'text' };
}

function kindOf(value: Value): Seen {
  if (value === null) return undefined;
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'boolean';
  if (JSON.isRawJSON(value)) return 'numeric';
  if (typeof value === 'object') return 'json';
  const integer = integerOf(value);
  if (integer === undefined) return 'float';
  return BigInt.asIntN(64, integer) === integer ? 'integer' : 'numeric';
}

function together(one: Seen, other: Seen): Seen {
  if (one === other || other === undefined) return one;
  if (one === undefined) return other;
  const both = new Set([one, other]);
  if (!both.isSubsetOf(numbers)) return 'json';
  return both.has('numeric') ? 'numeric' : 'float';
}

const numbers: ReadonlySet<Seen> = new Set<Seen>(['integer', 'float', 'numeric']);
