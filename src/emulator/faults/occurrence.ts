import type { HttpFault } from './http-faults.ts';
import { hashText, Random } from '../random.ts';
import type { Tally } from './fault-store.ts';

export type CallSelector = Pick<HttpFault, 'requests' | 'every' | 'burst' | 'fraction' | 'after' | 'times'>;

/**
 * Whether a fault hits a call that it is for.
 *
 * @param tally how often such calls came by, this one included, and how often the fault hit before
 * @param salt names fault and seed, for what is left to chance
 */
export function hits(selector: CallSelector, tally: Tally, salt: string): boolean {
  const number = tally.seen - (selector.after?.calls ?? 0);
  if (number < 1) return false;
  if (tally.hits >= (selector.times ?? Infinity)) return false;
  if (selector.requests?.includes(number) === false) return false;
  return isNth(number, selector) && isChosen(`${salt}/${number}`, selector.fraction);
}

/** Of every N calls the last `burst` are hit: with 5, the 5th, the 10th and so on. */
function isNth(number: number, { every = 1, burst = 1 }: CallSelector): boolean {
  return (number - 1) % every >= every - burst;
}

/** Leaves to chance what follows from a name alone, so that it comes out the same each time. */
export function isChosen(name: string, fraction: number | undefined): boolean {
  return fraction === undefined || new Random(hashText(name)).fraction() < fraction;
}
