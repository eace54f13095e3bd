import type { Cost } from '../ledger/cost.ts';
import { counted, dollars } from './render/words.ts';

/** A run's cost, and what it would have been without batches and caches; `unknown` rather than too little. */
export function costText(usd: number | null, cost: Cost | undefined): string {
  if (usd === null) return `unknown${partText(cost)}`;
  const { listUsd = usd, cacheSavedUsd = 0 } = cost ?? {};
  const saved = { batch: listUsd - usd - cacheSavedUsd, cache: cacheSavedUsd };
  const parts = Object.entries(saved).filter(([, amount]) => amount >= leastShown);
  if (parts.length === 0) return dollars(usd);
  const texts = parts.map(([by, amount]) => `${dollars(amount)} by ${by}`);
  return `${dollars(usd)} (list price ${dollars(listUsd)}, saved ${texts.join(', ')})`;
}

/** Less than what sums of binary fractions are off by. */
const leastShown = 1e-9;

function partText(cost: Cost | undefined): string {
  if (cost === undefined || cost.unpriced === 0) return '';
  const answers = counted(cost.unpriced, 'answer');
  return cost.usd === 0
    ? ` (${answers} of unknown price)`
    : ` (${dollars(cost.usd)} and ${answers} of unknown price)`;
}
