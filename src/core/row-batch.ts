import type { Field, Value } from './value.ts';
import type { WireText } from './wire-text.ts';

/**
 * Some thousands of rows of a source, the unit that moves between stages: an asynchronous hop a row would cost more
 * than the row itself. Nothing that a batch returns may be kept after the next batch was asked for, unless it is
 * copied: its strings may be slices of one large block.
 */
export interface RowBatch {
  readonly fields: readonly Field[];
  readonly length: number;
  /** The number of the source's record that a row came from, counted from 1 over the whole read. */
  record(row: number): number;
  /** Which piece of its record a row is, from 0; 0 where records are whole. */
  piece(row: number): number;
  /** How many pieces its record has; 1 where records are whole. */
  pieces(row: number): number;
  /** Where a row stands, for messages: `emails.csv:120` or `record 120 of public.tickets`. */
  position(row: number): string;
  /** The text of one part of a row's key (contract section 2), or null where it is missing. */
  keyPart(row: number, part: number): WireText | null;
  /** Where reading goes on after this row; opaque to all but the source, null where it cannot be continued. */
  cursor(row: number): string | null;
  value(row: number, field: number): Value;
  /** The field as a template prints it, escaped as the inside of a JSON string; null prints as nothing. */
  printed(row: number, field: number): WireText;
  /** The field as JSON text, exact to the digit, for carried columns. */
  json(row: number, field: number): WireText;
}

/** The index of a field by name, or -1. */
export function fieldIndex(fields: readonly Field[], name: string): number {
  return fields.findIndex((field) => field.name === name);
}
