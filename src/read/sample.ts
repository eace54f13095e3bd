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
  return { seed, highest: smallest.largest ?? highestNumber };
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

/** The smallest of the numbers added, so many of them; up to twice as many are held. */
class SmallestNumbers {
  readonly #most: number;
  #held: number[] = [];
  /** Whatever is not below it is not among them. */
  #limit = Infinity;

  constructor(most: number) {
    this.#most = most;
  }

  /** Null where fewer were added. */
  get largest(): number | null {
    this.#cut();
    return this.#held[this.#most - 1] ?? null;
  }

  add(number: number): void {
    if (number >= this.#limit) return;
    this.#held.push(number);
    if (this.#held.length === 2 * this.#most) this.#cut();
  }

  #cut(): void {
    this.#held = [...Float64Array.from(this.#held).sort().subarray(0, this.#most)];
    this.#limit = this.#held[this.#most - 1] ?? Infinity;
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
