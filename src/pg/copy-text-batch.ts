import { partBeginning, rowTooLarge } from '../core/longest-row.ts';
import { refuseUnwieldy } from '../core/nesting.ts';
import { printValue, valueToJson } from '../core/print.ts';
import type { RowBatch } from '../core/row-batch.ts';
import type { Field, FieldKind, Value } from '../core/value.ts';
import { escapeJson, fromWire, jsonToWire, toWire, type WireText } from '../core/wire-text.ts';
import { cellValue, type CellType } from './cell-value.ts';
import type { CopyLines } from './copy-out.ts';
import { cellText, copyToJsonEscapes, nullCell } from './copy-text-escapes.ts';

/** The columns of a COPY: first those of the key, so that a row too large to be held can be named. */
export interface CopyLayout {
  readonly fields: readonly Field[];
  /** The type of each field, and its column. */
  readonly types: readonly CellType[];
  readonly columns: readonly number[];
  readonly columnCount: number;
  /** For each part of the key its name and its column. */
  readonly key: readonly { readonly name: string; readonly column: number }[];
  /** Whether reading can go on after a key. */
  readonly isResumable: boolean;
  /** What is read, for messages: `public.tickets`. */
  readonly origin: string;
}

/** Where a batch stands in the whole read. */
export interface BatchPlace {
  /** The number of its first row's record. */
  readonly firstRecord: number;
  /** Where the read goes on behind a row, by the JSON array of that row's key. */
  readonly cursorOf: (key: string) => string;
}

/** Cells as the inside of JSON strings, one after another, with a character between them. */
interface Cells {
  readonly text: WireText;
  /** Where each cell ends, row by row; the next one starts a character later. */
  readonly ends: readonly number[];
  /** The size of the one row, where it was too large to be held: its key's cells alone are there. Else null. */
  readonly cutFrom: number | null;
}

/** Kinds that a template prints just as Postgres does. */
const printedAsIs: ReadonlySet<FieldKind> = new Set<FieldKind>(['text', 'integer', 'numeric']);

/**
 * Rows as COPY sent them; a field that cannot be read of a row throws a BatchlineError. Their cells are held as the inside of JSON strings, so that text which goes into a request is
 * cut out of the block and nothing else; values are decoded when they are asked for.
 */
export class CopyTextBatch implements RowBatch {
  readonly fields: readonly Field[];
  readonly #layout: CopyLayout;
  readonly #cells: Cells;
  readonly #place: BatchPlace;

  private constructor(layout: CopyLayout, cells: Cells, place: BatchPlace) {
    this.fields = layout.fields;
    this.#layout = layout;
    this.#cells = cells;
    this.#place = place;
  }

  /** The next rows of a read whose cursor is the last row's key. */
  static of(layout: CopyLayout, lines: CopyLines, firstRecord: number): CopyTextBatch {
    const { cutFrom } = lines;
    const text = copyToJsonEscapes(
      cutFrom === null ? lines : { ...lines, text: wholeRow(lines.text, layout) },
    );
    const cells = { text, ends: cellEnds(text, layout.columnCount), cutFrom };
    return new CopyTextBatch(layout, cells, { firstRecord, cursorOf: (key) => key });
  }

  /** The same rows as a part of another read. */
  placed(place: BatchPlace): CopyTextBatch {
    return new CopyTextBatch(this.#layout, this.#cells, place);
  }

  get length(): number {
    return this.#cells.ends.length / this.#layout.columnCount;
  }

  record(row: number): number {
    return this.#place.firstRecord + row;
  }

  piece(): number {
    return 0;
  }

  pieces(): number {
    return 1;
  }

  position(row: number): string {
    const key = this.#layout.key.map(({ name }, part) => {
      const text = this.keyPart(row, part);
      return text === null ? `${name} is null` : `${name} = ${Buffer.from(text, 'latin1').toString()}`;
    });
    return `record ${this.record(row)} of ${this.#layout.origin} (${key.join(', ')})`;
  }

  keyPart(row: number, part: number): WireText | null {
    const cell = this.#cell(row, this.#layout.key[part]?.column ?? 0);
    if (cell === nullCell) return null;
    return cell.includes('\\') ? toWire(cellText(cell)) : cell;
  }

  /** The JSON array of the key's texts, or what the place makes of it. */
  cursor(row: number): string | null {
    if (!this.#layout.isResumable) return null;
    const parts = this.#layout.key.map((_, part) => this.keyPart(row, part));
    return this.#place.cursorOf(JSON.stringify(parts.map((part) => (part === null ? null : fromWire(part)))));
  }

  value(row: number, field: number): Value {
    const cell = this.#fieldCell(row, field);
    return cell === nullCell ? null : cellValue(this.#type(field), cellText(cell));
  }

  printed(row: number, field: number): WireText {
    const cell = this.#fieldCell(row, field);
    if (cell === nullCell) return '' as WireText;
    const { kind } = this.#type(field);
    if (printedAsIs.has(kind)) return cell;
    if (kind === 'boolean') return booleanText(cell);
    return escapeJson(printValue(this.value(row, field)));
  }

  json(row: number, field: number): WireText {
    const cell = this.#fieldCell(row, field);
    if (cell === nullCell) return 'null' as WireText;
    const { kind } = this.#type(field);
    if (kind === 'text') return `"${cell}"` as WireText;
    if (kind === 'integer') return cell;
    if (kind === 'boolean') return booleanText(cell);
    if (kind === 'json') return jsonDocument(cellText(cell));
    return jsonToWire(valueToJson(this.value(row, field)));
  }

  #type(field: number): CellType {
    return this.#layout.types[field] as CellType;
  }

  #fieldCell(row: number, field: number): WireText {
    const { cutFrom } = this.#cells;
    if (cutFrom !== null) throw rowTooLarge(cutFrom);
    return this.#cell(row, this.#layout.columns[field] ?? 0);
  }

  #cell(row: number, column: number): WireText {
    const { text, ends } = this.#cells;
    const index = row * this.#layout.columnCount + column;
    const start = index === 0 ? 0 : (ends[index - 1] as number) + 1;
    return text.slice(start, ends[index]) as WireText;
  }
}

/** A row of which only the beginning came: its key, and null for each other cell. */
function wholeRow(beginning: WireText, { columnCount, key }: CopyLayout): WireText {
  const cells = beginning.split('\t', key.length + 1);
  const last = cells.length - 1;
  if (last < key.length) cells[last] = partBeginning(cells[last] ?? '');
  const row = Array.from({ length: columnCount }, (_, at) =>
    at < key.length ? (cells[at] ?? nullCell) : nullCell,
  );
  return `${row.join('\t')}\n` as WireText;
}

function cellEnds(text: string, columnCount: number): readonly number[] {
  const ends: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    for (let column = 1; column < columnCount; column += 1) {
      at = find(text, '\t', at);
      ends.push(at);
      at += 1;
    }
    at = find(text, '\n', at);
    ends.push(at);
  }
  return ends;
}

function find(text: string, delimiter: string, from: number): number {
  const at = text.indexOf(delimiter, from);
  if (at === -1) throw new Error('the server sent a row of other columns than were asked for');
  return at;
}

function booleanText(cell: WireText): WireText {
  return (cell === 't' ? 'true' : 'false') as WireText;
}

function jsonDocument(json: string): WireText {
  refuseUnwieldy(json);
  return jsonToWire(onOneLine(json));
}

/** The type json keeps its text's line breaks; they stand between tokens only, where a space means the same. */
function onOneLine(json: string): string {
  return json.replaceAll(/[\n\r]/g, ' ');
}
