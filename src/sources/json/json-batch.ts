import { printValue, valueToJson } from '../../core/print.ts';
import type { RowBatch } from '../../core/row-batch.ts';
import type { Field, Value } from '../../core/value.ts';
import { escapeJson, jsonToWire, toWire, type WireText } from '../../core/wire-text.ts';
import { rowNumber } from '../file/row-number.ts';
import { fieldValue } from './field-value.ts';
import { type JsonFormat, type JsonRecord, memberOf } from './json-record.ts';

export interface JsonBatchShape {
  readonly fields: readonly Field[];
  readonly keyFields: readonly Field[];
  readonly format: JsonFormat;
}

/** Records of one file, held as the values that they were parsed to. */
export class JsonBatch implements RowBatch {
  readonly fields: readonly Field[];
  readonly #shape: JsonBatchShape;
  readonly #records: readonly JsonRecord[];
  readonly #file: string;
  readonly #firstRecord: number;

  /** @param firstRecord the number of the file's first record over the whole read */
  constructor(shape: JsonBatchShape, records: readonly JsonRecord[], file: string, firstRecord: number) {
    this.fields = shape.fields;
    this.#shape = shape;
    this.#records = records;
    this.#file = file;
    this.#firstRecord = firstRecord;
  }

  get length(): number {
    return this.#records.length;
  }

  record(row: number): number {
    return this.#firstRecord + this.#at(row).ordinal;
  }

  piece(): number {
    return 0;
  }

  pieces(): number {
    return 1;
  }

  position(row: number): string {
    return this.#shape.format.place(this.#file, this.#at(row));
  }

  keyPart(row: number, part: number): WireText | null {
    const field = this.#shape.keyFields[part] as Field;
    if (field === rowNumber) return String(this.record(row)) as WireText;
    const record = this.#at(row);
    const value = memberOf(record.object, field.name) ?? null;
    if (value === null) return null;
    if (typeof value === 'string') return toWire(value);
    return (typeof value === 'boolean' ? String(value) : record.numberText(field.name)) as WireText;
  }

  cursor(): null {
    return null;
  }

  value(row: number, field: number): Value {
    const wanted = this.fields[field] as Field;
    if (wanted === rowNumber) return BigInt(this.record(row));
    return fieldValue(wanted.kind, memberOf(this.#at(row).object, wanted.name));
  }

  printed(row: number, field: number): WireText {
    return escapeJson(printValue(this.value(row, field)));
  }

  json(row: number, field: number): WireText {
    return jsonToWire(valueToJson(this.value(row, field)));
  }

  #at(row: number): JsonRecord {
    return this.#records[row] as JsonRecord;
  }
}
