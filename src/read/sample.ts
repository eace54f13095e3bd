import { hash } from 'node:crypto';
import { keyText } from '../core/key.ts';
import type { RowBatch } from '../core/row-batch.ts';
import type { OpenedSource, ReadOptions } from '../core/source.ts';
import type { Value } from '../core/value.ts';
import type { WireText } from '../core/wire-text.ts';
import type { RunSample } from '../ledger/selection.ts';

/** Numbers are drawn from 0 up to this, so that doubles hold them and no two of many rows draw the same. */
const highestNumber = 2 ** 48 - 1;

export interface SampleSize {
  readonly rows: number;
  readonly seed: number;
}

/**
 * Draws a random sample of so many rows, the same for the same seed and rows: every row draws a number by its key, and
 * those with the smallest numbers are taken. Reads the keys of the whole source and keeps one number for each row of
 * the sample, whatever the number of rows; which rows they are is then known by the largest number alone.
 */
export async function drawSample(
  source: OpenedSource,
  { rows, seed }: SampleSize,
  options: Omit<ReadOptions, 'fields'>,
): Promise<RunSample> {
  const smallest = new SmallestNumbers(rows);
  for await (const batch of source.read({ ...options, fields: [] })) {
    for (let row = 0; row < batch.length; row += 1) smallest.add(drawnNumber(source, batch, row, seed));
  }
  return { seed, highest: smallest.isFull ? smallest.largest : highestNumber };
}

/** The source with the rows of the sample alone, numbered as if there were no others. */
export function sampledSource(
  source: OpenedSource,
  sample: RunSample | undefined,
): Pick<OpenedSource, 'read'> {
  if (sample === undefined) return source;
  return {
    async *read(options) {
      let taken = 0;
      for await (const batch of source.read(options)) {
        const rows: number[] = [];
        for (let row = 0; row < batch.length; row += 1) {
          if (drawnNumber(source, batch, row, sample.seed) <= sample.highest) rows.push(row);
        }
        yield new SampledBatch(batch, rows, taken);
        taken += rows.length;
      }
    },
  };
}

function drawnNumber({ keyFields }: OpenedSource, batch: RowBatch, row: number, seed: number): number {
  const parts = keyFields.map((_, part) => batch.keyPart(row, part) ?? ('' as WireText));
  return hash('sha256', `${seed}\n${keyText(parts)}`, 'buffer').readUIntBE(0, 6);
}

/** The smallest of the numbers added, at most so many: a heap with the largest of them on top. */
class SmallestNumbers {
  readonly #most: number;
  readonly #heap: number[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#heap.length === this.#most;
  }

  get largest(): number {
    return this.#heap[0] ?? 0;
  }

  add(number: number): void {
    if (!this.isFull) {
      this.#heap.push(number);
      this.#raise(this.#heap.length - 1);
    } else if (number < this.largest) {
      this.#heap[0] = number;
      this.#lower();
    }
  }

  #raise(place: number): void {
    for (let at = place; at > 0;) {
      const parent = (at - 1) >> 1;
      if (this.#at(parent) >= this.#at(at)) return;
      this.#swap(parent, at);
      at = parent;
    }
  }

  #lower(): void {
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const child = this.#at(left + 1) > this.#at(left) ? left + 1 : left;
      if (this.#at(child) <= this.#at(at)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #at(place: number): number {
    return this.#heap[place] ?? -1;
  }

  #swap(a: number, b: number): void {
    const held = this.#at(a);
    this.#heap[a] = this.#at(b);
    this.#heap[b] = held;
  }
}

/** Some rows of a batch, numbered on their own. */
class SampledBatch implements RowBatch {
  readonly #base: RowBatch;
  readonly #rows: readonly number[];
  readonly #before: number;

  constructor(base: RowBatch, rows: readonly number[], before: number) {
    this.#base = base;
    this.#rows = rows;
    this.#before = before;
  }

  get fields(): RowBatch['fields'] {
    return this.#base.fields;
  }

  get length(): number {
    return this.#rows.length;
  }

  record(row: number): number {
    return this.#before + row + 1;
  }

  piece(row: number): number {
    return this.#base.piece(this.#below(row));
  }

  pieces(row: number): number {
    return this.#base.pieces(this.#below(row));
  }

  cursor(row: number): string | null {
    return this.#base.cursor(this.#below(row));
  }

  position(row: number): string {
    return this.#base.position(this.#below(row));
  }

  keyPart(row: number, part: number): WireText | null {
    return this.#base.keyPart(this.#below(row), part);
  }

  value(row: number, field: number): Value {
    return this.#base.value(this.#below(row), field);
  }

  printed(row: number, field: number): WireText {
    return this.#base.printed(this.#below(row), field);
  }

  json(row: number, field: number): WireText {
    return this.#base.json(this.#below(row), field);
  }

  #below(row: number): number {
    return this.#rows[row] as number;
  }
}
