import { printValue, valueToJson } from './print.ts';
import type { RowBatch } from './row-batch.ts';
import type { Field, Value } from './value.ts';
import { type WireText, escapeJson, jsonToWire } from './wire-text.ts';

/**
 * Where a field of a derived batch comes from: a field of the batch below, new values, or both, where a row's value
 * is new only if it is not undefined. Values are by row of the derived batch.
 */
export interface DerivedColumn {
  readonly from: number;
  readonly values: readonly (Value | undefined)[] | null;
}

/** A batch seen with fewer rows or other fields; values that did not change are read from the batch below. */
export class DerivedBatch implements RowBatch {
  readonly fields: readonly Field[];
  readonly #base: RowBatch;
  readonly #columns: readonly DerivedColumn[];
  readonly #rows: Uint32Array | null;

  /** @param rows the rows of `base` that are left, or null for all of them */
  constructor(
    base: RowBatch,
    fields: readonly Field[],
    columns: readonly DerivedColumn[],
    rows: Uint32Array | null = null,
  ) {
    this.fields = fields;
    this.#base = base;
    this.#columns = columns;
    this.#rows = rows;
  }

  get length(): number {
    return this.#rows?.length ?? this.#base.length;
  }

  record(row: number): number {
    return this.#base.record(this.#below(row));
  }

  piece(row: number): number {
    return this.#base.piece(this.#below(row));
  }

  pieces(row: number): number {
    return this.#base.pieces(this.#below(row));
  }

  position(row: number): string {
    return this.#base.position(this.#below(row));
  }

  keyPart(row: number, part: number): WireText | null {
    return this.#base.keyPart(this.#below(row), part);
  }

  cursor(row: number): string | null {
    return this.#base.cursor(this.#below(row));
  }

  value(row: number, field: number): Value {
    const column = this.#columns[field] as DerivedColumn;
    const made = column.values?.[row];
    return made === undefined ? this.#base.value(this.#below(row), column.from) : made;
  }

  printed(row: number, field: number): WireText {
    const column = this.#columns[field] as DerivedColumn;
    const made = column.values?.[row];
    return made === undefined
      ? this.#base.printed(this.#below(row), column.from)
      : escapeJson(printValue(made));
  }

  json(row: number, field: number): WireText {
    const column = this.#columns[field] as DerivedColumn;
    const made = column.values?.[row];
    return made === undefined
      ? this.#base.json(this.#below(row), column.from)
      : jsonToWire(valueToJson(made));
  }

  #below(row: number): number {
    return this.#rows === null ? row : (this.#rows[row] as number);
  }
}

/** The columns of a batch as they are. */
export function sameColumns(fields: readonly Field[]): readonly DerivedColumn[] {
  return fields.map((_, from) => ({ from, values: null }));
}

/** A batch without some of its rows. */
export function keepRows(batch: RowBatch, rows: readonly number[]): RowBatch {
  if (rows.length === batch.length) return batch;
  return new DerivedBatch(batch, batch.fields, sameColumns(batch.fields), Uint32Array.from(rows));
}
