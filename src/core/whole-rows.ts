import { printValue, valueToJson } from './print.ts';
import type { RowBatch } from './row-batch.ts';
import type { Field, Value } from './value.ts';
import { escapeJson, jsonToWire, type WireText } from './wire-text.ts';

/** A batch of rows that are not cut into pieces, of a read in one pass; values are printed when they are asked for. */
export abstract class WholeRows implements RowBatch {
  abstract readonly fields: readonly Field[];
  abstract readonly length: number;

  abstract record(row: number): number;
  abstract position(row: number): string;
  abstract keyPart(row: number, part: number): WireText | null;
  abstract value(row: number, field: number): Value;

  piece(): number {
    return 0;
  }

  pieces(): number {
    return 1;
  }

  cursor(): null {
    return null;
  }

  printed(row: number, field: number): WireText {
    return escapeJson(printValue(this.value(row, field)));
  }

  json(row: number, field: number): WireText {
    return jsonToWire(valueToJson(this.value(row, field)));
  }
}
