import type { RowBatch } from '../../core/row-batch.ts';
import type { Field, Value } from '../../core/value.ts';
import { escapeWire, fromWire, type WireText } from '../../core/wire-text.ts';
import type { Records } from './record-parser.ts';

/** Where a field stands in a record; -1 for `_row`. */
export type ColumnIndex = number;

export interface CsvBatchShape {
  readonly fields: readonly Field[];
  /** One a field. */
  readonly columns: readonly ColumnIndex[];
  /** One a part of the key. */
  readonly keyColumns: readonly ColumnIndex[];
}

/** Records of one file. Fields stay wire text from the file to the request. */
export class CsvBatch implements RowBatch {
  readonly fields: readonly Field[];
  readonly length: number;
  readonly #shape: CsvBatchShape;
  readonly #records: Records;
  readonly #file: string;
  readonly #firstRecord: number;

  /** @param firstRecord the number of the file's first record over the whole read */
  constructor(shape: CsvBatchShape, records: Records, file: string, firstRecord: number) {
    this.fields = shape.fields;
    this.length = records.fields.length;
    this.#shape = shape;
    this.#records = records;
    this.#file = file;
    this.#firstRecord = firstRecord;
  }

  record(row: number): number {
    return this.#firstRecord + (this.#records.ordinals[row] as number);
  }

  position(row: number): string {
    return `${this.#file}:${this.#records.lines[row] as number}`;
  }

  keyPart(row: number, part: number): WireText | null {
    const column = this.#shape.keyColumns[part];
    if (column === undefined) return null;
    const text = this.#text(row, column);
    return text === '' ? null : text;
  }

  value(row: number, field: number): Value {
    const column = this.#shape.columns[field] as ColumnIndex;
    return column === -1 ? BigInt(this.record(row)) : fromWire(this.#text(row, column));
  }

  printed(row: number, field: number): WireText {
    return escapeWire(this.#text(row, this.#shape.columns[field] as ColumnIndex));
  }

  json(row: number, field: number): WireText {
    const column = this.#shape.columns[field] as ColumnIndex;
    const text = this.#text(row, column);
    return column === -1 ? text : (`"${escapeWire(text)}"` as WireText);
  }

  #text(row: number, column: ColumnIndex): WireText {
    return (column === -1 ? String(this.record(row)) : this.#records.fields[row]?.[column]) as WireText;
  }
}
