import { addCosts, type Cost, noCost } from '../ledger/cost.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';

/** What the answers of some files cost, as far as that is known. */
export function costOf(chunks: readonly ChunkRecord[]): Cost {
  return chunks.map(({ cost }) => cost).reduce(addCosts, noCost);
}

/** In US dollars; null rather than too small, also while answers that were paid for cannot be read. */
export function knownCost(chunks: readonly ChunkRecord[]): number | null {
  const { usd, unpriced } = costOf(chunks);
  const isUnknown = unpriced > 0 || chunks.some(({ unread }) => unread !== null);
  // Without the last digits, which are what sums of binary fractions are off by.
  return isUnknown ? null : Number(usd.toPrecision(12));
}
