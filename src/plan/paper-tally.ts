import type { ItemBatch } from '../core/item-batch.ts';
import type { RequestTally } from '../core/request-tally.ts';

/** Counts the bytes that requests take on disk, and keeps the first of them to be shown. */
export class PaperTally implements RequestTally {
  readonly #counter: RequestTally;
  readonly #most: number;
  diskBytes = 0;
  shown: string[] = [];

  /** @param most how many requests are to be shown */
  constructor(counter: RequestTally, most: number) {
    this.#counter = counter;
    this.#most = most;
  }

  restart(): void {
    this.#counter.restart();
    this.diskBytes = 0;
    this.shown = [];
  }

  add(items: ItemBatch, from: number, to: number): void {
    this.#counter.add(items, from, to);
    this.diskBytes += lengthOf(items.lineEnds, from, to) + lengthOf(items.rowEnds, from, to);
    const end = Math.min(to, from + this.#most - this.shown.length);
    for (let item = from; item < end; item += 1) {
      const start = item === 0 ? 0 : items.lineEnds[item - 1];
      this.shown.push(items.lines.toString('utf8', start, (items.lineEnds[item] ?? 0) - 1));
    }
  }
}

function lengthOf(ends: Uint32Array, from: number, to: number): number {
  return (ends[to - 1] ?? 0) - (from === 0 ? 0 : (ends[from - 1] ?? 0));
}
