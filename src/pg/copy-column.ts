import type { Value } from '../core/value.ts';
import type { TextCleaner } from './clean-text.ts';
import type { ColumnType } from './column-type.ts';
import { ValueFault, type TextConverter } from './value-fault.ts';

/** A column as COPY fills it. */
export interface CopyColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether a null is refused here already, and not left to the server. */
  readonly required: boolean;
  readonly convert: TextConverter;
}

/** Rows to be written, column by column. */
export interface CopyRows {
  readonly length: number;
  readonly columns: readonly CopyColumn[];
  /** One array a column, with one entry a row. */
  readonly values: readonly (readonly Value[])[];
  /** The one that the columns' converters use. */
  readonly cleaner: TextCleaner;
  /** Rows that are not to be written. */
  readonly without: ReadonlySet<number>;
}

/** The rows with each one's index in the batch before the other columns, for what names rows. */
export function numbered(rows: CopyRows): CopyRows {
  const indexes = Array.from({ length: rows.length }, (_, row) => row);
  return { ...rows, columns: [rowNumber, ...rows.columns], values: [indexes, ...rows.values] };
}

/** The rows with each text as a bytea of its UTF-8 bytes, which a database of any encoding takes. */
export function asBytes(rows: CopyRows): CopyRows {
  const columns = rows.columns.map((column) => ({
    ...column,
    convert: (value: NonNullable<Value>) => {
      const text = column.convert(value);
      return typeof text === 'string' ? `\\x${Buffer.from(text).toString('hex')}` : text;
    },
  }));
  return { ...rows, columns };
}

const rowNumber: CopyColumn = {
  name: 'batch_row',
  type: { declared: 'integer', castName: 'integer', kind: 'int4', element: null, limit: null, labels: null },
  required: true,
  convert: String,
};

/** A row that cannot be written. */
export interface RefusedRow {
  readonly row: number;
  readonly code: string;
  readonly message: string;
}

export interface EncodedRows {
  readonly refused: readonly RefusedRow[];
  /** Rows written in which NUL or lone surrogates were replaced. */
  readonly cleaned: number;
}

/** Converts a value, null included. */
export function convertCell(column: CopyColumn, value: Value): string | null | ValueFault {
  if (value !== null) return column.convert(value);
  return column.required ? missing : null;
}

const missing = new ValueFault('not_null_violation', 'is NOT NULL and the value is null');

export function refuse(row: number, column: CopyColumn, fault: ValueFault): RefusedRow {
  return {
    row,
    code: fault.code,
    message: `column "${column.name}" (${column.type.declared}) ${fault.reason}`,
  };
}

/** Runs `writeRow` over the rows and keeps the account. It returns why a row was not written, or null. */
export function encodeRows(rows: CopyRows, writeRow: (row: number) => RefusedRow | null): EncodedRows {
  const refused: RefusedRow[] = [];
  let cleaned = 0;
  for (let row = 0; row < rows.length; row += 1) {
    if (rows.without.has(row)) continue;
    rows.cleaner.happened = false;
    const refusal = writeRow(row);
    if (refusal !== null) refused.push(refusal);
    else if (rows.cleaner.happened) cleaned += 1;
  }
  return { refused, cleaned };
}
