import { BatchlineError } from './errors.ts';
import type { WireText } from './wire-text.ts';

/**
 * The most bytes of a row as its source writes it, of the request that is made of it, and of the line that answers it.
 * Several copies of one are in memory at a time, which has to stay flat; and no model reads as much.
 */
export const longestRow = 16_000_000;

/** Of a row that is above `longestRow`, or of a value that would be a row's. */
export function rowTooLarge(bytes: number): BatchlineError {
  const size = `${(bytes / 1e6).toFixed(1)} MB, and at most ${longestRow / 1e6} MB are read of one`;
  return new BatchlineError('row_too_large', `the row has ${size}; ${advice}`);
}

/** What is kept of a key's part in a row that is too large, where the part itself is. */
export function partBeginning(text: string): WireText {
  return text.slice(0, 300).replace(/[\\\x80-\xff]+$/, '') as WireText;
}

const advice =
  'leave the large column out, cut it where it is read, as by left(body, 100000) in a query, or store it as several rows';
