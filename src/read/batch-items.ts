import type { RowBatch } from '../core/row-batch.ts';
import type { FailedRow, ReadCounts } from '../ledger/ledger.ts';

/** What became of an item; a `duplicate` is skipped since an earlier record has its key. */
export type ItemFate = 'filtered' | 'requested' | 'skipped' | 'failed' | 'duplicate';

/** 0 is what is not counted: a record that was passed over, or a piece that an earlier read made durable. */
const fateCodes: Readonly<Record<ItemFate, number>> = {
  filtered: 1,
  requested: 2,
  skipped: 3,
  failed: 4,
  duplicate: 5,
};

/** An item of a batch: a record, or a piece of one. */
export interface ItemPlace {
  readonly record: number;
  readonly piece: number;
}

/** An item that failed before it could be sent. */
export interface FailedItem extends ItemPlace {
  readonly row: FailedRow;
}

/** What became of the items of one batch of the source, in the source's order. */
export class BatchItems {
  readonly rows: RowBatch;
  /** The number before that of the first record. */
  readonly #before: number;
  #fates: Uint8Array;
  /** Where each record's items begin among the fates, and where the last one's end; null where each has one. */
  #starts: Uint32Array | null = null;
  #failures: { readonly slot: number; readonly row: FailedRow }[] = [];
  #takenSlots = 0;
  #takenUpTo: number;

  /** Every row is taken for filtered until it is marked. @param before the last record before the batch */
  constructor(rows: RowBatch, before: number) {
    this.rows = rows;
    this.#before = before;
    this.#takenUpTo = before;
    this.#fates = new Uint8Array(this.lastRecord - before);
    for (let row = 0; row < rows.length; row += 1)
      this.mark({ record: rows.record(row), piece: 0 }, 'filtered');
  }

  get lastRecord(): number {
    return this.rows.record(this.rows.length - 1);
  }

  /** The last item of all. */
  get last(): ItemPlace {
    return { record: this.lastRecord, piece: this.width(this.lastRecord) - 1 };
  }

  /**
   * Makes records several items, all taken for filtered until they are marked.
   *
   * @param widths how many items records have that reached the split, and how many of them are not to be counted
   */
  split(widths: ReadonlyMap<number, { readonly items: number; readonly uncounted: number }>): void {
    const starts = new Uint32Array(this.#fates.length + 1);
    for (let index = 0; index < this.#fates.length; index += 1) {
      const width = widths.get(this.#before + 1 + index)?.items ?? 1;
      starts[index + 1] = (starts[index] ?? 0) + width;
    }
    const fates = new Uint8Array(starts.at(-1) ?? 0);
    for (const [index, fate] of this.#fates.entries()) {
      fates.fill(fate, starts[index], starts[index + 1]);
      const uncounted = widths.get(this.#before + 1 + index)?.uncounted ?? 0;
      fates.fill(0, starts[index], (starts[index] ?? 0) + uncounted);
    }
    this.#starts = starts;
    this.#fates = fates;
  }

  /** How many items a record is. */
  width(record: number): number {
    return this.#start(record + 1) - this.#start(record);
  }

  mark(place: ItemPlace, fate: ItemFate): void {
    this.#fates[this.#slot(place)] = fateCodes[fate];
  }

  fail(failure: FailedItem): void {
    this.mark(failure, 'failed');
    this.#failures.push({ slot: this.#slot(failure), row: failure.row });
  }

  has(place: ItemPlace, ...fates: readonly ItemFate[]): boolean {
    const code = this.#fates[this.#slot(place)];
    return fates.some((fate) => fateCodes[fate] === code);
  }

  /** The last row whose record is at most `record`; -1 where there is none. */
  rowUpTo(record: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.rows.record(middle) <= record) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /**
   * Counts the items that were not taken yet, up to and with `place`. A record counts with its last item, and one that
   * was passed over with the row behind it, where a resumed read would meet it again.
   */
  take(place: ItemPlace): { readonly counts: ReadCounts; readonly failures: readonly FailedRow[] } {
    const end = this.#slot(place) + 1;
    const taken = this.#fates.subarray(this.#takenSlots, end);
    const tally = [0, 0, 0, 0, 0, 0];
    for (const code of taken) tally[code] = (tally[code] ?? 0) + 1;
    const count = (fate: ItemFate): number => tally[fateCodes[fate]] ?? 0;
    const upTo = end === this.#start(place.record + 1) ? place.record : this.#recordBefore(place.record);
    const counts = {
      records: upTo - this.#takenUpTo,
      read: taken.length - (tally[0] ?? 0),
      filtered: count('filtered'),
      skipped: count('skipped') + count('duplicate'),
    };
    this.#takenSlots = end;
    this.#takenUpTo = upTo;
    const failures = this.#failures.filter(({ slot }) => slot < end).map(({ row }) => row);
    this.#failures = this.#failures.filter(({ slot }) => slot >= end);
    return { counts, failures };
  }

  /** The record of the row before that of `record`; the one before the batch where there is none. */
  #recordBefore(record: number): number {
    const row = this.rowUpTo(record - 1);
    return row < 0 ? this.#before : this.rows.record(row);
  }

  #slot({ record, piece }: ItemPlace): number {
    return this.#start(record) + piece;
  }

  #start(record: number): number {
    const index = record - this.#before - 1;
    return this.#starts === null ? index : (this.#starts[index] ?? 0);
  }
}
