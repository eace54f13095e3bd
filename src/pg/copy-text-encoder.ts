import type { Value } from '../core/value.ts';
import type { CopyBuffer } from './copy-buffer.ts';
import {
  convertCell,
  encodeRows,
  refuse,
  type CopyColumn,
  type CopyRows,
  type EncodedRows,
  type RefusedRow,
} from './copy-column.ts';
import type { ValueFault } from './value-fault.ts';

const special = /[\\\t\n\r]/;
const everySpecial = /[\\\t\n\r]/g;
const escapes: Readonly<Record<string, string>> = {
  '\\': String.raw`\\`,
  '\t': String.raw`\t`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
};
const nullCell = String.raw`\N`;

/** Cells that are joined and written at once: one join is cheaper than many writes, short strings than long ones. */
const cellsAtOnce = 2048;
const charactersAtOnce = 65_536;

/**
 * Writes rows in COPY's text format (https://www.postgresql.org/docs/current/sql-copy.html). A row that holds a value
 * its column cannot take is left out and reported.
 */
export function encodeText(rows: CopyRows, buffer: CopyBuffer): EncodedRows {
  const cells = rows.columns.map((column, index) => new CellWriter(column, rows.values[index] ?? []));
  const lines = new LineJoiner(buffer);
  const account = encodeRows(rows, (row) => writeRow(row, cells, lines));
  lines.flush();
  return account;
}

function writeRow(row: number, cells: readonly CellWriter[], lines: LineJoiner): RefusedRow | null {
  for (const writer of cells) {
    const cell = writer.cell(row);
    if (typeof cell !== 'string') {
      lines.dropLine();
      return refuse(row, writer.column, cell);
    }
    lines.add(cell);
  }
  lines.endLine();
  return null;
}

/** Makes the cells of one column; a string equal to the one before, as a model's name is, costs only the comparison. */
class CellWriter {
  readonly column: CopyColumn;
  readonly #values: readonly Value[];
  #lastValue: string | undefined;
  #lastCell = '';

  constructor(column: CopyColumn, values: readonly Value[]) {
    this.column = column;
    this.#values = values;
  }

  cell(row: number): string | ValueFault {
    const value = this.#values[row] ?? null;
    if (typeof value === 'string' && value === this.#lastValue) return this.#lastCell;
    const text = convertCell(this.column, value);
    if (text === null) return nullCell;
    if (typeof text !== 'string') return text;
    const cell = special.test(text)
      ? text.replaceAll(everySpecial, (found) => escapes[found] ?? found)
      : text;
    // What was cleaned must be counted anew for each row.
    if (typeof value === 'string' && text === value) this.#remember(value, cell);
    return cell;
  }

  #remember(value: string, cell: string): void {
    this.#lastValue = value;
    this.#lastCell = cell;
  }
}

class LineJoiner {
  readonly #buffer: CopyBuffer;
  readonly #parts: string[] = [];
  #lineStart = 0;
  #characters = 0;

  constructor(buffer: CopyBuffer) {
    this.#buffer = buffer;
  }

  add(cell: string): void {
    this.#parts.push(cell, '\t');
    this.#characters += cell.length;
  }

  endLine(): void {
    this.#parts[this.#parts.length - 1] = '\n';
    this.#lineStart = this.#parts.length;
    if (this.#lineStart >= cellsAtOnce || this.#characters >= charactersAtOnce) this.flush();
  }

  dropLine(): void {
    this.#parts.length = this.#lineStart;
  }

  flush(): void {
    this.#buffer.writeText(this.#parts.join(''));
    this.#parts.length = 0;
    this.#lineStart = 0;
    this.#characters = 0;
  }
}
