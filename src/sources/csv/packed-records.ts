import { longestRow, partBeginning } from '../../core/longest-row.ts';
import type { WireText } from '../../core/wire-text.ts';
import type { Records } from './record-parser.ts';

/** Stands behind each field in a block: a byte that UTF-8 never holds, and that JSON does not escape. */
export const fieldEnd = '\xff';

/** Some records of a file in few large pieces, which pass from one thread to another fast. */
export interface PackedRecords {
  readonly length: number;
  /** The wanted columns' fields, record by record, each with `fieldEnd` behind it. */
  readonly text: WireText;
  /** The line that each record begins on, from 1. */
  readonly lines: Float64Array<ArrayBuffer>;
  /** How many records come before each in its file, with those passed over. */
  readonly ordinals: Float64Array<ArrayBuffer>;
  /** The sizes of the records that are too large, by their place; of each field only what a key needs is there. */
  readonly tooLarge: ReadonlyMap<number, number>;
  /** How many records of the file were seen so far, with those passed over. */
  readonly seen: number;
  /** How many of the file's were passed over so far. */
  readonly bad: number;
}

/** @param columns the indices of the wanted columns */
export function packRecords(
  { fields, lines, ordinals }: Records,
  columns: readonly number[],
  counts: Pick<PackedRecords, 'seen' | 'bad'>,
): PackedRecords {
  const texts: string[] = [];
  const tooLarge = new Map<number, number>();
  for (const [row, record] of fields.entries()) {
    let bytes = 0;
    for (const column of columns) bytes += (record[column] as string).length;
    if (bytes > longestRow) tooLarge.set(row, bytes);
    for (const column of columns)
      texts.push(bytes > longestRow ? beginningOf(record[column] as string) : (record[column] as string));
  }
  // What follows the last field is its end, too.
  texts.push('');
  return {
    length: fields.length,
    text: texts.join(fieldEnd) as WireText,
    lines: Float64Array.from(lines),
    ordinals: Float64Array.from(ordinals),
    tooLarge,
    ...counts,
  };
}

/** No key is longer than this that a database could have an index on. */
const longestPart = 4096;

function beginningOf(field: string): string {
  return field.length <= longestPart ? field : partBeginning(field);
}
