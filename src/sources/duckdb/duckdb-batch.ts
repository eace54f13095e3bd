import type { DuckDBDataChunk, DuckDBValue, DuckDBVector } from '@duckdb/node-api';
import type { Field, Value } from '../../core/value.ts';
import { toWire, type WireText } from '../../core/wire-text.ts';
import { WholeRows } from '../../core/whole-rows.ts';
import type { ColumnType } from './column-type.ts';

/** The columns of a result, and what is made of them. */
export interface ResultLayout {
  readonly fields: readonly Field[];
  /** For each field its type and its column; no column for the record's number. */
  readonly columns: readonly ResultColumn[];
  /** The same for each part of the key. */
  readonly key: readonly ResultColumn[];
  /** What is read, for messages: `tickets`, `the query`. */
  readonly origin: string;
}

export interface ResultColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly column: number | null;
}

/** One chunk of a result, in DuckDB's own columns; values are read when they are asked for. */
export class DuckdbBatch extends WholeRows {
  readonly fields: readonly Field[];
  readonly length: number;
  readonly #layout: ResultLayout;
  readonly #vectors: readonly DuckDBVector[];
  readonly #firstRecord: number;

  constructor(layout: ResultLayout, chunk: DuckDBDataChunk, firstRecord: number) {
    super();
    this.fields = layout.fields;
    this.length = chunk.rowCount;
    this.#layout = layout;
    this.#vectors = Array.from({ length: chunk.columnCount }, (_, column) => chunk.getColumnVector(column));
    this.#firstRecord = firstRecord;
  }

  override record(row: number): number {
    return this.#firstRecord + row;
  }

  override position(row: number): string {
    const key = this.#layout.key.map(({ name }, part) => {
      const text = this.#keyText(row, part);
      return text === null ? `${name} is null` : `${name} = ${text}`;
    });
    return `record ${this.record(row)} of ${this.#layout.origin} (${key.join(', ')})`;
  }

  override keyPart(row: number, part: number): WireText | null {
    const text = this.#keyText(row, part);
    return text === null ? null : toWire(text);
  }

  override value(row: number, field: number): Value {
    const column = this.#layout.columns[field];
    if (column === undefined) return null;
    const cell = this.#cell(row, column);
    return cell === null ? null : column.type.value(cell);
  }

  override printed(row: number, field: number): WireText {
    const column = this.#layout.columns[field];
    if (column?.type.kind === 'integer') return String(this.#cell(row, column) ?? '') as WireText;
    return super.printed(row, field);
  }

  override json(row: number, field: number): WireText {
    const column = this.#layout.columns[field];
    if (column?.type.kind === 'integer') return String(this.#cell(row, column)) as WireText;
    return super.json(row, field);
  }

  #keyText(row: number, part: number): string | null {
    const column = this.#layout.key[part];
    const cell = column === undefined ? null : this.#cell(row, column);
    return cell === null ? null : (column?.type.keyText?.(cell) ?? null);
  }

  #cell(row: number, { column }: ResultColumn): DuckDBValue {
    return column === null ? this.record(row) : (this.#vectors[column]?.getItem(row) ?? null);
  }
}
