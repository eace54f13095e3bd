import type { Prices, Service } from './prices.ts';

/** What is known of a file of requests before it is answered. */
export interface RequestsSize {
  readonly requests: number;
  readonly bytes: number;
  /** Bytes of its longest request. */
  readonly longest: number;
  /** The most tokens of one answer; 0 for embeddings. */
  readonly outputCeiling: number;
  /** Whether the prompts ask to be kept in a cache, which may cost more than reading them. */
  readonly writesCache: boolean;
}

/** Input tokens per byte while no answer of the pipeline has told. */
const firstTokensPerByte = 0.5;

/** What is added to the highest number of tokens per byte that was seen. */
const margin = 1.1;

/**
 * The most that a file may cost, in US dollars; null where a price is unknown.
 *
 * @param services the ways that it may go; the dearest counts
 * @param seen the highest number of input tokens per byte that answers have told; null where none has
 */
export function mostCost(
  size: RequestsSize,
  prices: Prices,
  services: readonly Service[],
  seen: number | null,
): number | null {
  const costs = services.map((service) => mostCostBy(size, prices, service, seen));
  return costs.reduce((most, cost) => (most === null || cost === null ? null : Math.max(most, cost)));
}

function mostCostBy(
  size: RequestsSize,
  prices: Prices,
  service: Service,
  seen: number | null,
): number | null {
  const tokensPerByte = seen === null ? firstTokensPerByte : seen * margin;
  // All tokens are reserved at what those of the longest request cost: longer prompts may be dearer.
  const input = Math.max(1, Math.ceil(size.longest * tokensPerByte));
  const costOf = (tokens: number, output: number, cacheWrite: number): number | null =>
    prices.cost({ input: tokens, output, cached: 0, cacheWrite }, service);
  const fee = costOf(0, 0, 0);
  const fresh = costOf(input, 0, 0);
  const kept = size.writesCache ? costOf(input, 0, input) : fresh;
  const answered = costOf(input, size.outputCeiling, 0);
  if (fee === null || fresh === null || kept === null || answered === null) return null;
  const perToken = (Math.max(fresh, kept) - fee) / input;
  // Each request may come to a token more than its share, by rounding.
  const tokens = size.bytes * tokensPerByte + size.requests;
  return tokens * perToken + size.requests * (fee + answered - fresh);
}
