import type { ItemBatch } from './item-batch.ts';

/** Looks at each request that is packed into a file, while it is at hand. */
export interface RequestTally {
  add(items: ItemBatch, from: number, to: number): void;
  /** What was packed so far is packed anew. */
  restart(): void;
}
