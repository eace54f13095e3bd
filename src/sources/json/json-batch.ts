import { rowTooLarge } from '../../core/longest-row.ts';
import type { Field, Value } from '../../core/value.ts';
import { toWire, type WireText } from '../../core/wire-text.ts';
import { WholeRows } from '../../core/whole-rows.ts';
import { rowNumber } from '../file/row-number.ts';
import { fieldValue } from './field-value.ts';
import { type JsonFormat, type JsonRecord, memberOf } from './json-record.ts';

export interface JsonBatchShape {
  readonly fields: readonly Field[];
  readonly keyFields: readonly Field[];
  readonly format: JsonFormat;
}

/** Records of one file, held as the values that they were parsed to. */
export class JsonBatch extends WholeRows {
  readonly fields: readonly Field[];
  readonly #shape: JsonBatchShape;
  readonly #records: readonly JsonRecord[];
  readonly #file: string;
  readonly #firstRecord: number;

  /** @param firstRecord the number of the file's first record over the whole read */
  constructor(shape: JsonBatchShape, records: readonly JsonRecord[], file: string, firstRecord: number) {
    super();
    this.fields = shape.fields;
    this.#shape = shape;
    this.#records = records;
    this.#file = file;
    this.#firstRecord = firstRecord;
  }

  get length(): number {
    return this.#records.length;
  }

  override record(row: number): number {
    return this.#firstRecord + this.#at(row).ordinal;
  }

  override position(row: number): string {
    return this.#shape.format.place(this.#file, this.#at(row));
  }

  override keyPart(row: number, part: number): WireText | null {
    const field = this.#shape.keyFields[part] as Field;
    if (field === rowNumber) return String(this.record(row)) as WireText;
    const record = this.#at(row);
    const value = memberOf(record.object, field.name) ?? null;
    if (value === null) return null;
    if (typeof value === 'string') return toWire(value);
    return (typeof value === 'boolean' ? String(value) : record.numberText(field.name)) as WireText;
  }

  override value(row: number, field: number): Value {
    const wanted = this.fields[field] as Field;
    if (wanted === rowNumber) return BigInt(this.record(row));
    const { object, tooLarge } = this.#at(row);
    if (tooLarge !== null) throw rowTooLarge(tooLarge);
    return fieldValue(wanted.kind, memberOf(object, wanted.name));
  }

  #at(row: number): JsonRecord {
    return this.#records[row] as JsonRecord;
  }
}
