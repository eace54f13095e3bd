import { printValue, valueToJson } from './print.ts';
import type { RowBatch } from './row-batch.ts';
import type { Field, Value } from './value.ts';
import { escapeJson, jsonToWire, type WireText } from './wire-text.ts';

/** A batch of rows that are held as values: what file sources yield. */
export class ValueBatch implements RowBatch {
  readonly fields: readonly Field[];
  readonly #rows: readonly (readonly Value[])[];
  readonly #keys: readonly (readonly (WireText | null)[])[];
  readonly #records: readonly number[];
  readonly #position: (row: number) => string;

  /**
   * @param rows one array a row, in the order of `fields`
   * @param keys the text of each key part, a row each
   * @param records each row's record number, from 1
   * @param position says where a row stands, for messages
   */
  constructor(
    fields: readonly Field[],
    rows: readonly (readonly Value[])[],
    keys: readonly (readonly (WireText | null)[])[],
    records: readonly number[],
    position: (row: number) => string,
  ) {
    this.fields = fields;
    this.#rows = rows;
    this.#keys = keys;
    this.#records = records;
    this.#position = position;
  }

  get length(): number {
    return this.#rows.length;
  }

  record(row: number): number {
    return this.#records[row] ?? 0;
  }

  piece(): number {
    return 0;
  }

  pieces(): number {
    return 1;
  }

  position(row: number): string {
    return this.#position(row);
  }

  keyPart(row: number, part: number): WireText | null {
    return this.#keys[row]?.[part] ?? null;
  }

  cursor(): null {
    return null;
  }

  value(row: number, field: number): Value {
    return this.#rows[row]?.[field] ?? null;
  }

  printed(row: number, field: number): WireText {
    return escapeJson(printValue(this.value(row, field)));
  }

  json(row: number, field: number): WireText {
    return jsonToWire(valueToJson(this.value(row, field)));
  }
}
