import type { RemoteBatch } from './batch-side.ts';

/** How many old batches in a row show that a listing is over, as far as it is of interest. */
const mostOldInARow = 100;

/** Tells the batches that are too old, and when no others follow: not every server lists the newest first. */
export class ListingAge {
  readonly #oldest: number;
  #last = Infinity;
  #falls = true;
  #oldInARow = 0;

  /** @param oldest when the oldest batch of interest was made, in milliseconds since 1970 */
  constructor(oldest: number) {
    this.#oldest = oldest;
  }

  /** To be asked of each batch in turn. */
  isOld({ createdAt }: Pick<RemoteBatch, 'createdAt'>): boolean {
    const isOld = createdAt !== null && createdAt < this.#oldest;
    this.#oldInARow = isOld ? this.#oldInARow + 1 : 0;
    if (createdAt === null) return false;
    this.#falls &&= createdAt <= this.#last;
    this.#last = createdAt;
    return isOld;
  }

  get isAllOldFromHere(): boolean {
    return this.#falls && this.#oldInARow > mostOldInARow;
  }
}
