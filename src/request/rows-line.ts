import { type RowBatch, fieldIndex } from '../core/row-batch.ts';
import type { Field } from '../core/value.ts';
import { type WireText, escapeWire, jsonToWire } from '../core/wire-text.ts';

interface CarriedField {
  readonly index: number;
  /** `"name":` */
  readonly label: WireText;
}

/** Writes the line of the rows file that stands for an item. */
export class RowsLine {
  readonly #carried: readonly CarriedField[];

  readonly #countsPieces: boolean;

  /**
   * @param carried the fields that the sink's columns name
   * @param countsPieces whether a record's first piece says how many there are
   */
  constructor(carried: readonly string[], fields: readonly Field[], countsPieces: boolean) {
    this.#countsPieces = countsPieces;
    this.#carried = carried.map((name) => ({
      index: fieldIndex(fields, name),
      label: jsonToWire(`${JSON.stringify(name)}:`),
    }));
  }

  render(
    batch: RowBatch,
    row: number,
    customId: string,
    key: readonly WireText[],
    requestHash: string | null,
  ): WireText {
    const isOwnId = key.length === 1 && key[0] === customId;
    if (isOwnId && requestHash === null && this.#carried.length === 0) return `["${customId}"]\n` as WireText;
    const parts = key.map((part) => `"${escapeWire(part)}"`).join(',');
    const carried = this.#carried.map(({ index, label }) => label + batch.json(row, index)).join(',');
    const hash = requestHash === null ? 'null' : `"${requestHash}"`;
    const count = this.#countsPieces && batch.piece(row) === 0 ? `,${batch.pieces(row)}` : '';
    return `["${customId}",[${parts}],{${carried}},${hash}${count}]\n` as WireText;
  }
}
