/** What answers cost, in US dollars. */
export interface Cost {
  /** Of those whose price is known. */
  readonly usd: number;
  /** Answers that were paid for, nobody knows how much. */
  readonly unpriced: number;
  /** What the same tokens cost one by one, at the usual tier and without a prompt cache. */
  readonly listUsd: number;
  /** How much less prompt caches made of it; below zero where writing to them cost more than reading saved. */
  readonly cacheSavedUsd: number;
}

export const noCost: Cost = { usd: 0, unpriced: 0, listUsd: 0, cacheSavedUsd: 0 };

export function addCosts(a: Cost, b: Cost): Cost {
  return {
    usd: a.usd + b.usd,
    unpriced: a.unpriced + b.unpriced,
    listUsd: a.listUsd + b.listUsd,
    cacheSavedUsd: a.cacheSavedUsd + b.cacheSavedUsd,
  };
}
