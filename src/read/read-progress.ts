import { keyText } from '../core/key.ts';
import type { RowBatch } from '../core/row-batch.ts';
import { fromWire, type WireText } from '../core/wire-text.ts';
import type { FailedRow, PartlyRead, ReadCommit, ReadCounts } from '../ledger/ledger.ts';
import { BatchItems, type FailedItem, type ItemFate, type ItemPlace } from './batch-items.ts';

const noCounts: ReadCounts = { records: 0, read: 0, filtered: 0, skipped: 0 };

/** Where an earlier read of the run came to. */
export interface ReadStart {
  readonly cursor: string | null;
  readonly partlyRead: readonly PartlyRead[];
  /** How many parts the source's key has. */
  readonly keyParts: number;
  /** Told of a record that was partly read and has another number of pieces now. */
  readonly onEdited: (record: PartlyRead) => void;
}

/** What is to be committed with a file. */
export type Taken = Required<Omit<ReadCommit, 'chunk' | 'followers'>>;

/** A record whose first piece is not sent, so that its answer will not tell the sink how many pieces there are. */
export interface UnsentRecord {
  readonly key: readonly string[];
  readonly count: number;
}

/**
 * Counts what was read and not yet made durable, so that a file sealed in the middle of a batch, or of a record's
 * pieces, commits exactly the items up to its own last one: a resumed run reads on after the last whole record, passes
 * over the pieces of the next one that are durable, and counts no item twice.
 *
 * A record that a file's end cut in two keeps the number of pieces that it had, even if its row was edited before the
 * run was resumed: its first piece, once loaded, deletes what the sink holds beyond that number.
 */
export class ReadProgress {
  readonly #keyParts: number;
  readonly #onEdited: (record: PartlyRead) => void;
  readonly #partlyRead: Map<string, PartlyRead>;
  /** Records of the current batch that are or were partly read, with their key's text. */
  readonly #open = new Map<number, string>();
  #items: BatchItems | null = null;
  #lastRecord = 0;
  /** The records of the current batch that were split and not told of yet. */
  readonly #split = new Map<number, { readonly items: number; readonly uncounted: number }>();
  #settled = noCounts;
  #settledFailures: FailedRow[] = [];
  #cursor: string | null;

  constructor({ cursor, partlyRead, keyParts, onEdited }: ReadStart) {
    this.#cursor = cursor;
    this.#partlyRead = new Map(partlyRead.map((record) => [record.key, record]));
    this.#keyParts = keyParts;
    this.#onEdited = onEdited;
  }

  /** Failed rows that wait for the next commit; they are held in memory until then. */
  get failuresHeld(): number {
    return this.#settledFailures.length;
  }

  /** Begins with a batch as the source yielded it; every row of it is taken for filtered until it is marked. */
  startBatch(batch: RowBatch): void {
    this.#items = new BatchItems(batch, this.#lastRecord);
    this.#open.clear();
    this.#split.clear();
  }

  /**
   * Notes that rows of the batch were cut into pieces, each an item of its own.
   *
   * @param counts how many pieces each of `rows` has
   * @returns whether a piece is left for this read; null where all are
   */
  split(rows: RowBatch, counts: Uint32Array): ((place: ItemPlace) => boolean) | null {
    const resumed = new Map<number, PartlyRead>();
    this.#split.clear();
    for (let row = 0; row < rows.length; row += 1) {
      const record = rows.record(row);
      const count = counts[row] ?? 1;
      const known = this.#partlyRead.size === 0 ? undefined : this.#partlyRead.get(this.#keyOf(rows, row));
      const items = known === undefined ? count : Math.max(known.done, Math.min(count, known.of));
      this.#split.set(record, { items, uncounted: known?.done ?? 0 });
      if (known === undefined) continue;
      if (known.of !== count) this.#onEdited(known);
      resumed.set(record, known);
      this.#open.set(record, known.key);
    }
    this.#batchItems.split(this.#split);
    if (resumed.size === 0) return null;
    return ({ record, piece }) => {
      const known = resumed.get(record);
      return known === undefined || (piece >= known.done && piece < known.of);
    };
  }

  mark(place: ItemPlace, fate: ItemFate): void {
    this.#batchItems.mark(place, fate);
  }

  fail(failure: FailedItem): void {
    this.#batchItems.fail(failure);
  }

  /** The records up to `upTo` that were split and whose first piece is not sent; each is told of once. */
  *takeUnsent(upTo: number): Generator<UnsentRecord> {
    const items = this.#batchItems;
    for (const [record, { items: count }] of this.#split) {
      if (record > upTo) return;
      this.#split.delete(record);
      if (!items.has({ record, piece: 0 }, 'filtered', 'skipped', 'failed')) continue;
      const key = sourceKey(items.rows, items.rowUpTo(record), this.#keyParts);
      yield { key: key.map(fromWire), count };
    }
  }

  /** Takes the whole batch as dealt with. */
  endBatch(): void {
    const items = this.#batchItems;
    const taken = this.#take(items.last);
    this.#settled = add(this.#settled, taken.counts);
    this.#settledFailures.push(...taken.failures);
    this.#lastRecord = items.lastRecord;
  }

  /** What is to be committed with a file that ends before the current batch, or after the last one. */
  takeSettled(): Taken {
    const taken = { counts: this.#settled, failures: this.#settledFailures, ...this.#position() };
    this.#settled = noCounts;
    this.#settledFailures = [];
    return taken;
  }

  /** What is to be committed with a file whose last item is `place`, which came of the current batch. */
  takeUpTo(place: ItemPlace): Taken {
    const settled = this.takeSettled();
    const taken = this.#take(place);
    return {
      counts: add(settled.counts, taken.counts),
      failures: [...settled.failures, ...taken.failures],
      ...this.#position(),
    };
  }

  #take(place: ItemPlace) {
    const items = this.#batchItems;
    const of = items.width(place.record);
    const isWhole = place.piece + 1 === of;
    const row = items.rowUpTo(isWhole ? place.record : place.record - 1);
    if (row >= 0) this.#cursor = items.rows.cursor(row);
    for (const [record, key] of this.#open) {
      if (record < place.record || (isWhole && record === place.record)) this.#partlyRead.delete(key);
    }
    if (!isWhole) {
      const key = this.#keyOf(items.rows, items.rowUpTo(place.record));
      this.#open.set(place.record, key);
      this.#partlyRead.set(key, { key, done: place.piece + 1, of });
    }
    return items.take(place);
  }

  #position() {
    return { cursor: this.#cursor, partlyRead: [...this.#partlyRead.values()] };
  }

  get #batchItems(): BatchItems {
    if (this.#items === null) throw new Error('No batch has begun.');
    return this.#items;
  }

  #keyOf(rows: RowBatch, row: number): string {
    return fromWire(keyText(sourceKey(rows, row, this.#keyParts)));
  }
}

/** The parts of the source's own key; a missing one, which the renderer refuses, is empty. */
export function sourceKey(rows: RowBatch, row: number, parts: number): readonly WireText[] {
  return Array.from({ length: parts }, (_, part) => rows.keyPart(row, part) ?? ('' as WireText));
}

function add(a: ReadCounts, b: ReadCounts): ReadCounts {
  return {
    records: a.records + b.records,
    read: a.read + b.read,
    filtered: a.filtered + b.filtered,
    skipped: a.skipped + b.skipped,
  };
}
