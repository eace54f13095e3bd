import type { PastBatch } from '../ledger/forecast-ledger.ts';

/** Fewer past batches than these say nothing. */
export const fewestPast = 5;

/** The batches of a run that have not ended, and how many of them may be under way. */
export interface Ahead {
  /** Under way with their age, or still to be sent where it is null, in the order of sending. */
  readonly batches: readonly {
    readonly requests: number;
    readonly tokens: number;
    readonly ageMs: number | null;
  }[];
  /** The most prompt tokens that may be enqueued; null without a limit. */
  readonly maxTokens?: number | null;
  /** The most batches that may be under way at a time; null without a limit. */
  readonly atOnce?: number | null;
}

export type Forecast =
  /** Milliseconds from now until the last batch has ended, in half of all cases and in nine of ten. */
  | { readonly kind: 'in'; readonly p50: number; readonly p90: number }
  /** A batch is under way for longer than any that is known, so that there is nothing to reckon by. */
  | { readonly kind: 'overdue'; readonly longestMs: number };

/**
 * When a run's batches will have ended, judged by past ones of the same provider and model; null where fewer than five
 * are known.
 *
 * A batch of so many requests is held against all past ones, each with the weight 1 / (1 + |log2 of how much larger or
 * smaller it was|); one that is under way only against those that took longer than it has already. How fast batches end
 * depends on how busy the provider is, which is the same for all that are sent together: so the p90 of the run is what
 * comes of it where every batch takes its own p90, and not the least likely meeting of slow ones and quick ones.
 */
export function forecast(past: readonly PastBatch[], ahead: Ahead): Forecast | null {
  if (past.length < fewestPast) return null;
  const byTime = past.toSorted((a, b) => a.ms - b.ms);
  const longestMs = byTime.at(-1)?.ms ?? 0;
  if (ahead.batches.some(({ ageMs }) => ageMs !== null && ageMs >= longestMs))
    return { kind: 'overdue', longestMs };
  const p50 = endOf(byTime, ahead, 0.5);
  // Among files of many sizes slow ones may happen to leave their places in a better order.
  return { kind: 'in', p50, p90: Math.max(p50, endOf(byTime, ahead, 0.9)) };
}

/** When the last batch ends if each takes as long as this share of such batches took at most. */
function endOf(byTime: readonly PastBatch[], { batches, maxTokens, atOnce }: Ahead, share: number): number {
  const known = new Map<number, number>();
  const wholeTime = (requests: number): number => {
    const time = known.get(requests) ?? timeOf(byTime, requests, 0, share);
    known.set(requests, time);
    return time;
  };
  const room = new Room(maxTokens ?? Infinity, atOnce ?? Infinity);
  for (const { requests, tokens, ageMs } of batches)
    if (ageMs !== null) room.take(timeOf(byTime, requests, Math.max(0, ageMs), share), tokens);
  for (const { requests, tokens, ageMs } of batches)
    if (ageMs === null) room.take(room.opensAt(tokens) + wholeTime(requests), tokens);
  return room.lastEnd;
}

/** How long a batch of this age still takes. */
function timeOf(byTime: readonly PastBatch[], requests: number, ageMs: number, share: number): number {
  const longer = byTime.filter(({ ms }) => ms > ageMs || ageMs === 0);
  const weights = longer.map((one) => 1 / (1 + Math.abs(Math.log2(size(one.requests) / size(requests)))));
  const wanted = share * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  for (const [index, { ms }] of longer.entries()) {
    sum += weights[index] ?? 0;
    // What adding up leaves over is not to reach for the next one.
    if (sum >= wanted * (1 - 1e-9)) return ms - ageMs;
  }
  return 0;
}

const size = (requests: number): number => Math.max(1, requests);

/** The batches that are under way at a moment that only moves on, by their ends. */
class Room {
  readonly #maxTokens: number;
  readonly #atOnce: number;
  readonly #underWay: { readonly end: number; readonly tokens: number }[] = [];
  #tokens = 0;
  #now = 0;
  lastEnd = 0;

  constructor(maxTokens: number, atOnce: number) {
    this.#maxTokens = maxTokens;
    this.#atOnce = Math.max(1, atOnce);
  }

  /** From when on there is room for so many tokens; a batch that fits nowhere goes alone. */
  opensAt(tokens: number): number {
    while (this.#underWay.length > 0 && !this.#hasRoom(tokens)) {
      const first = this.#underWay.pop();
      this.#now = Math.max(this.#now, first?.end ?? 0);
      this.#tokens -= first?.tokens ?? 0;
    }
    return this.#now;
  }

  #hasRoom(tokens: number): boolean {
    return this.#underWay.length < this.#atOnce && this.#tokens + tokens <= this.#maxTokens;
  }

  /** Latest end first, so that the next to end is taken from the back. */
  take(end: number, tokens: number): void {
    let [low, high] = [0, this.#underWay.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#underWay[middle]?.end ?? 0) > end) low = middle + 1;
      else high = middle;
    }
    this.#underWay.splice(low, 0, { end, tokens });
    this.#tokens += tokens;
    this.lastEnd = Math.max(this.lastEnd, end);
  }
}
