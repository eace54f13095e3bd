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
  for (const record of fields) for (const column of columns) texts.push(record[column] as string);
  // What follows the last field is its end, too.
  texts.push('');
  return {
    length: fields.length,
    text: texts.join(fieldEnd) as WireText,
    lines: Float64Array.from(lines),
    ordinals: Float64Array.from(ordinals),
    ...counts,
  };
}
