import type { RowBatch } from '../core/row-batch.ts';
import type { FailedRow, ReadCounts } from '../ledger/ledger.ts';

/** What became of a record of the source. */
export type RowFate = 'filtered' | 'requested' | 'skipped' | 'failed';

const noCounts: ReadCounts = { records: 0, read: 0, filtered: 0, skipped: 0 };
const fateCodes: Readonly<Record<RowFate, number>> = { filtered: 1, requested: 2, skipped: 3, failed: 4 };

/** A row that failed before it could be sent, with the record it came from. */
export interface FailedRecord {
  readonly record: number;
  readonly row: FailedRow;
}

/**
 * Counts what was read and not yet made durable, so that a file sealed in the middle of a batch commits exactly the
 * rows up to its own last one: a resumed run reads on after that row and counts no row twice.
 */
export class ReadProgress {
  #settled = noCounts;
  #settledFailures: FailedRow[] = [];
  #settledCursor: string | null = null;
  #batch: RowBatch | null = null;
  #fates = new Uint8Array(0);
  #failures: FailedRecord[] = [];
  #firstRecord = 0;
  #committedRecord = 0;

  /** Failed rows that wait for the next commit; they are held in memory until then. */
  get failuresHeld(): number {
    return this.#settledFailures.length;
  }

  /** Begins with a batch as the source yielded it; every row of it is taken for filtered until it is marked. */
  startBatch(batch: RowBatch): void {
    this.#batch = batch;
    this.#firstRecord = this.#committedRecord + 1;
    this.#fates = new Uint8Array(batch.record(batch.length - 1) - this.#committedRecord);
    for (let row = 0; row < batch.length; row += 1) this.mark(batch.record(row), 'filtered');
    this.#failures = [];
  }

  mark(record: number, fate: RowFate): void {
    this.#fates[record - this.#firstRecord] = fateCodes[fate];
  }

  fail(failure: FailedRecord): void {
    this.mark(failure.record, 'failed');
    this.#failures.push(failure);
  }

  /** Takes the whole batch as dealt with. */
  endBatch(): void {
    const batch = this.#batch;
    if (batch === null) return;
    const last = batch.length - 1;
    const taken = this.#take(batch.record(last));
    this.#settled = add(this.#settled, taken.counts);
    this.#settledFailures.push(...taken.failures);
    this.#settledCursor = batch.cursor(last);
    this.#batch = null;
  }

  /** What is to be committed with a file that ends before the current batch, or after the last one. */
  takeSettled(): { counts: ReadCounts; failures: readonly FailedRow[]; cursor: string | null } {
    const taken = { counts: this.#settled, failures: this.#settledFailures, cursor: this.#settledCursor };
    this.#settled = noCounts;
    this.#settledFailures = [];
    return taken;
  }

  /** What is to be committed with a file whose last row is `row` of `batch`, which came of the current batch. */
  takeUpTo(
    batch: RowBatch,
    row: number,
  ): { counts: ReadCounts; failures: readonly FailedRow[]; cursor: string | null } {
    const settled = this.takeSettled();
    const taken = this.#take(batch.record(row));
    return {
      counts: add(settled.counts, taken.counts),
      failures: [...settled.failures, ...taken.failures],
      cursor: batch.cursor(row),
    };
  }

  #take(upTo: number): { counts: ReadCounts; failures: readonly FailedRow[] } {
    const counts = { filtered: 0, skipped: 0, read: 0 };
    for (let record = this.#committedRecord + 1; record <= upTo; record += 1) {
      const fate = this.#fates[record - this.#firstRecord];
      if (fate !== 0) counts.read += 1;
      if (fate === fateCodes.filtered) counts.filtered += 1;
      if (fate === fateCodes.skipped) counts.skipped += 1;
    }
    const records = upTo - this.#committedRecord;
    this.#committedRecord = upTo;
    const failures = this.#failures.filter((failure) => failure.record <= upTo).map((failure) => failure.row);
    this.#failures = this.#failures.filter((failure) => failure.record > upTo);
    return { counts: { records, ...counts }, failures };
  }
}

function add(a: ReadCounts, b: ReadCounts): ReadCounts {
  return {
    records: a.records + b.records,
    read: a.read + b.read,
    filtered: a.filtered + b.filtered,
    skipped: a.skipped + b.skipped,
  };
}
