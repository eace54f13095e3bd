import { hash } from 'node:crypto';
import { DerivedBatch, sameColumns } from '../core/derived-batch.ts';
import { keyText } from '../core/key.ts';
import type { RowBatch } from '../core/row-batch.ts';
import type { OpenedSource, ReadOptions } from '../core/source.ts';
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
class SampledBatch extends DerivedBatch {
  readonly #before: number;

  constructor(base: RowBatch, rows: readonly number[], before: number) {
    super(base, base.fields, sameColumns(base.fields), Uint32Array.from(rows));
    this.#before = before;
  }

  override record(row: number): number {
    return this.#before + row + 1;
  }
}
