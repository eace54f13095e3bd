import { printValue } from '../../core/print.ts';
import type { OpenedSource } from '../../core/source.ts';
import type { Field, FieldKind, Value } from '../../core/value.ts';
import { ValueBatch } from '../../core/value-batch.ts';
import { toWire, type WireText } from '../../core/wire-text.ts';

type Given = Readonly<Record<string, unknown>>;

export interface RowsShape {
  readonly keyNames: readonly string[];
  /** Whether the pipeline's source knows nothing but text. */
  readonly isText: boolean;
  /** Where a row stands, by its index. */
  readonly place: (row: number) => string;
}

const rowNumber = '_row';

/**
 * Rows of a test as a source: whole numbers are integers, others floats; texts, flags and nulls are what they are, lists
 * and maps JSON. What a database tells as text (timestamps, numeric, bytea) is written as text. Of a CSV file all is text.
 */
export function sourceOfRows(given: readonly Given[], { keyNames, isText, place }: RowsShape): OpenedSource {
  const names = [...new Set([...given.flatMap((row) => Object.keys(row)), rowNumber])];
  const fields = names.map((name): Field => {
    const kind =
      isText && name !== rowNumber ? 'text' : kindOf(given.map((row, at) => member(row, name, at)));
    return { name, kind, sqlType: 'text' };
  });
  const fieldNamed = (name: string): Field =>
    fields.find((field) => field.name === name) ?? { name, kind: 'text', sqlType: 'text' };
  const keyFields = keyNames.map(fieldNamed);
  const valueOf = (row: number, { name, kind }: Field): Value =>
    toValue(member(given[row] ?? {}, name, row), kind);
  const keyPart = (row: number, field: Field): WireText | null => {
    const value = valueOf(row, field);
    return value === null ? null : toWire(printValue(value));
  };
  return {
    fields,
    keyFields,
    keyIsUnique: true,
    resumable: false,
    fingerprint: {},
    badRecords: 0,
    async *read({ fields: wanted }) {
      const read = wanted.map(fieldNamed);
      yield new ValueBatch(
        read,
        given.map((_, row) => read.map((field) => valueOf(row, field))),
        given.map((_, row) => keyFields.map((field) => keyPart(row, field))),
        given.map((_, row) => row + 1),
        place,
      );
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function member(row: Given, name: string, at: number): unknown {
  if (Object.hasOwn(row, name)) return row[name];
  return name === rowNumber ? at + 1 : null;
}

/** The kind that all values of a field have. */
function kindOf(values: readonly unknown[]): FieldKind {
  const kinds = new Set(values.filter((value) => value !== null).map(kindOfOne));
  if (kinds.size > 1 && kinds.isSubsetOf(new Set(['integer', 'float']))) return 'float';
  return kinds.size > 1 ? 'json' : ([...kinds][0] ?? 'text');
}

function kindOfOne(value: unknown): FieldKind {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'float';
  return typeof value === 'object' ? 'json' : 'text';
}

function toValue(value: unknown, kind: FieldKind): Value {
  if (kind === 'integer' && typeof value === 'number') return BigInt(value);
  if (kind === 'text' && value !== null && typeof value !== 'string') return printValue(value as Value);
  return value as Value;
}
