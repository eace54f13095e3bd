import { rowTooLarge } from '../../core/longest-row.ts';
import type { Field, Value } from '../../core/value.ts';
import { escapeWire, fromWire, toWire, type WireText } from '../../core/wire-text.ts';
import { WholeRows } from '../../core/whole-rows.ts';
import { fieldEnd, type PackedRecords } from './packed-records.ts';

/** Where a field stands among the packed columns; -1 for `_row`. */
export type ColumnIndex = number;

export interface CsvBatchShape {
  readonly fields: readonly Field[];
  /** One a field. */
  readonly columns: readonly ColumnIndex[];
  /** One a part of the key. */
  readonly keyColumns: readonly ColumnIndex[];
  /** How many columns are packed. */
  readonly columnCount: number;
}

/**
 * Records of one file. Their fields are held as the inside of JSON strings, escaped all at once, so that text which
 * goes into a request is cut out of the block and nothing else; values are decoded when they are asked for.
 */
export class CsvBatch extends WholeRows {
  readonly fields: readonly Field[];
  readonly length: number;
  readonly #shape: CsvBatchShape;
  readonly #records: PackedRecords;
  readonly #text: WireText;
  /** Where each field ends, record by record; the next one starts a character later. */
  readonly #ends: readonly number[];
  readonly #file: string;
  readonly #firstRecord: number;

  /**
   * @param most the most records to show
   * @param firstRecord the number of the file's first record over the whole read
   */
  constructor(shape: CsvBatchShape, records: PackedRecords, most: number, file: string, firstRecord: number) {
    super();
    this.fields = shape.fields;
    this.length = Math.min(records.length, most);
    this.#shape = shape;
    this.#records = records;
    this.#text = escapeWire(records.text);
    this.#ends = fieldEnds(this.#text);
    this.#file = file;
    this.#firstRecord = firstRecord;
  }

  override record(row: number): number {
    return this.#firstRecord + (this.#records.ordinals[row] as number);
  }

  override position(row: number): string {
    return `${this.#file}:${this.#records.lines[row] as number}`;
  }

  override keyPart(row: number, part: number): WireText | null {
    const column = this.#shape.keyColumns[part];
    if (column === undefined) return null;
    const text = this.#escaped(row, column);
    if (text === '') return null;
    return text.includes('\\') ? toWire(unescape(text)) : text;
  }

  override value(row: number, field: number): Value {
    const column = this.#column(row, field);
    return column === -1 ? BigInt(this.record(row)) : unescape(this.#escaped(row, column));
  }

  override printed(row: number, field: number): WireText {
    return this.#escaped(row, this.#column(row, field));
  }

  override json(row: number, field: number): WireText {
    const column = this.#column(row, field);
    const text = this.#escaped(row, column);
    return column === -1 ? text : (`"${text}"` as WireText);
  }

  /** @throws BatchlineError `row_too_large` */
  #column(row: number, field: number): ColumnIndex {
    const bytes = this.#records.tooLarge.get(row);
    if (bytes !== undefined) throw rowTooLarge(bytes);
    return this.#shape.columns[field] as ColumnIndex;
  }

  #escaped(row: number, column: ColumnIndex): WireText {
    if (column === -1) return String(this.record(row)) as WireText;
    const index = row * this.#shape.columnCount + column;
    const start = index === 0 ? 0 : (this.#ends[index - 1] as number) + 1;
    return this.#text.slice(start, this.#ends[index]) as WireText;
  }
}

function fieldEnds(text: string): readonly number[] {
  const ends: number[] = [];
  for (let at = text.indexOf(fieldEnd); at !== -1; at = text.indexOf(fieldEnd, at + 1)) ends.push(at);
  return ends;
}

function unescape(escaped: WireText): string {
  const text = fromWire(escaped);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}
