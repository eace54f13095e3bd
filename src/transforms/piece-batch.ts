import type { RowBatch } from '../core/row-batch.ts';
import type { Field } from '../core/value.ts';
import type { WireText } from '../core/wire-text.ts';
import { DerivedBatch, sameColumns } from '../core/derived-batch.ts';

/** The pieces of a batch's rows, one behind the other. Arrays have one entry a piece. */
export interface Pieces {
  /** The row that it is a piece of. */
  readonly rows: number[];
  /** Which of the row's pieces it is, from 0. */
  readonly indexes: number[];
  /** Its text, or undefined where that is the row's whole text. */
  readonly texts: (string | undefined)[];
}

export interface PieceShape {
  /** The base's fields and behind them the piece's index and the number of pieces. */
  readonly fields: readonly Field[];
  /** The index of the field that was cut. */
  readonly field: number;
  /** How many parts the base's key has. */
  readonly keyParts: number;
  /** How many pieces each row of the base has. */
  readonly counts: Uint32Array;
  readonly pieces: Pieces;
}

/** A batch whose every row is a piece of a row of another; the piece's index is the last part of its key. */
export class PieceBatch extends DerivedBatch {
  readonly #indexes: readonly number[];
  readonly #counts: readonly number[];
  readonly #keyParts: number;

  constructor(base: RowBatch, { fields, field, keyParts, counts, pieces }: PieceShape) {
    const { rows, indexes, texts } = pieces;
    const pieceCounts = rows.map((row) => counts[row] ?? 0);
    const columns = [
      ...sameColumns(base.fields).with(field, { from: field, values: texts }),
      { from: -1, values: indexes.map(BigInt) },
      { from: -1, values: pieceCounts.map(BigInt) },
    ];
    super(base, fields, columns, Uint32Array.from(rows));
    this.#indexes = indexes;
    this.#counts = pieceCounts;
    this.#keyParts = keyParts;
  }

  override piece(row: number): number {
    return this.#indexes[row] ?? 0;
  }

  override pieces(row: number): number {
    return this.#counts[row] ?? 1;
  }

  override position(row: number): string {
    return `${super.position(row)}, chunk_index ${this.piece(row)}`;
  }

  override keyPart(row: number, part: number): WireText | null {
    return part === this.#keyParts ? (String(this.piece(row)) as WireText) : super.keyPart(row, part);
  }
}
