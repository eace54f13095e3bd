import type { ServerResponse } from 'node:http';
import { ApiError } from '../http/api-error.ts';

/** What synchronous requests are held to; undefined where they are not. */
export interface RateLimits {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
}

interface Arrival {
  readonly at: number;
  readonly tokens: number;
}

const windowMs = 60_000;

/** Counts the synchronous requests of the last minute, and turns away what is too many. */
export class RateCounter {
  readonly #limits: RateLimits;
  readonly #teller: RateTeller;
  #arrivals: Arrival[] = [];

  constructor(limits: RateLimits, teller: RateTeller) {
    this.#limits = limits;
    this.#teller = teller;
  }

  /** Tells in the reply's headers what is left. @throws ApiError 429 */
  admit(tokens: number, response: ServerResponse, now: number): void {
    this.#arrivals = this.#arrivals.filter(({ at }) => at > now - windowMs);
    const { requestsPerMinute, tokensPerMinute } = this.#limits;
    const sent = this.#arrivals.reduce((sum, arrival) => sum + arrival.tokens, 0);
    const isOver =
      this.#arrivals.length + 1 > (requestsPerMinute ?? Infinity) ||
      sent + tokens > (tokensPerMinute ?? Infinity);
    if (!isOver) this.#arrivals.push({ at: now, tokens });
    const resetMs = Math.max(0, (this.#arrivals[0]?.at ?? now) + windowMs - now);
    const tell = (what: RateLeft['what'], limit: number | undefined, used: number): void => {
      if (limit === undefined) return;
      this.#teller.left(response, { what, limit, remaining: Math.max(0, limit - used), resetMs });
    };
    tell('requests', requestsPerMinute, this.#arrivals.length);
    tell('tokens', tokensPerMinute, isOver ? sent : sent + tokens);
    if (!isOver) return;
    const message = this.#teller.over(response, resetMs);
    throw new ApiError(429, message, { type: 'requests', code: 'rate_limit_exceeded', retryMs: resetMs });
  }
}

/** One of the limits, as a reply tells it. */
export interface RateLeft {
  readonly what: 'requests' | 'tokens';
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** How an API tells its limits in a reply's headers. */
export interface RateTeller {
  readonly left: (response: ServerResponse, left: RateLeft) => void;
  /** @returns what the error says of a request that is too much */
  readonly over: (response: ServerResponse, resetMs: number) => string;
}

export const openAiRates: RateTeller = {
  left: (response, { what, limit, remaining, resetMs }) => {
    response.setHeader(`x-ratelimit-limit-${what}`, limit);
    response.setHeader(`x-ratelimit-remaining-${what}`, remaining);
    response.setHeader(`x-ratelimit-reset-${what}`, `${resetMs}ms`);
  },
  over: (response, resetMs) => {
    response.setHeader('retry-after-ms', resetMs);
    return `Rate limit reached. Please try again in ${Math.ceil(resetMs / 1000)}s.`;
  },
};
