import { longestRow } from '../core/longest-row.ts';
import type { ItemBatch, RenderFailure } from '../core/item-batch.ts';
import type { WireText } from '../core/wire-text.ts';
import { LineBuffer } from './line-buffer.ts';

/** Gathers the items of one batch of rows. */
export class ItemCollector {
  readonly #lines: LineBuffer;
  readonly #rows: LineBuffer;
  readonly #customIds: string[] = [];
  readonly #keys: (readonly WireText[])[] = [];
  readonly #hashes: string[] | null;
  readonly #tokens: Uint32Array;
  readonly #sourceRows: Uint32Array;
  readonly #failures: RenderFailure[] = [];

  constructor(most: number, bytesPerLine: number, wantsHash: boolean) {
    // A batch of one large line says nothing of the lines of the next.
    this.#lines = new LineBuffer(Math.min(most * bytesPerLine, longestRow), most);
    this.#rows = new LineBuffer(most * 32, most);
    this.#hashes = wantsHash ? [] : null;
    this.#tokens = new Uint32Array(most);
    this.#sourceRows = new Uint32Array(most);
  }

  add(line: WireText, rowsLine: WireText): void {
    this.#lines.add(line);
    this.#rows.add(rowsLine);
  }

  /** Completes the item whose lines were just added. */
  describe(
    sourceRow: number,
    customId: string,
    key: readonly WireText[],
    tokens: number,
    requestHash: string | null,
  ): void {
    const index = this.#customIds.length;
    this.#customIds.push(customId);
    this.#keys.push(key);
    this.#tokens[index] = tokens;
    this.#sourceRows[index] = sourceRow;
    if (requestHash !== null) this.#hashes?.push(requestHash);
  }

  fail(failure: RenderFailure): void {
    this.#failures.push(failure);
  }

  /** Of the request lines. */
  get bytes(): number {
    return this.#lines.length;
  }

  finish(): ItemBatch {
    const lines = this.#lines.finish();
    const rows = this.#rows.finish();
    const length = this.#customIds.length;
    return {
      length,
      lines: lines.bytes,
      lineEnds: lines.ends,
      rows: rows.bytes,
      rowEnds: rows.ends,
      customIds: this.#customIds,
      keys: this.#keys,
      hashes: this.#hashes,
      tokens: this.#tokens.subarray(0, length),
      sourceRows: this.#sourceRows.subarray(0, length),
      failures: this.#failures,
    };
  }
}
