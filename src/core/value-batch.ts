import type { Field, Value } from './value.ts';
import { type WireText } from './wire-text.ts';
import { WholeRows } from './whole-rows.ts';

/** A batch of rows that are held as values: what file sources yield. */
export class ValueBatch extends WholeRows {
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
    super();
    this.fields = fields;
    this.#rows = rows;
    this.#keys = keys;
    this.#records = records;
    this.#position = position;
  }

  get length(): number {
    return this.#rows.length;
  }

  override record(row: number): number {
    return this.#records[row] ?? 0;
  }

  override position(row: number): string {
    return this.#position(row);
  }

  override keyPart(row: number, part: number): WireText | null {
    return this.#keys[row]?.[part] ?? null;
  }

  override value(row: number, field: number): Value {
    return this.#rows[row]?.[field] ?? null;
  }
}
