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

/** Counts the synchronous requests of the last minute, and turns away what is too many, as OpenAI does. */
export class RateCounter {
  readonly #limits: RateLimits;
  #arrivals: Arrival[] = [];

  constructor(limits: RateLimits) {
    this.#limits = limits;
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
    tell(response, 'requests', requestsPerMinute, this.#arrivals.length, resetMs);
    tell(response, 'tokens', tokensPerMinute, isOver ? sent : sent + tokens, resetMs);
    if (!isOver) return;
    response.setHeader('retry-after-ms', resetMs);
    const message = `Rate limit reached. Please try again in ${Math.ceil(resetMs / 1000)}s.`;
    throw new ApiError(429, message, { type: 'requests', code: 'rate_limit_exceeded' });
  }
}

function tell(
  response: ServerResponse,
  what: 'requests' | 'tokens',
  limit: number | undefined,
  used: number,
  resetMs: number,
): void {
  if (limit === undefined) return;
  response.setHeader(`x-ratelimit-limit-${what}`, limit);
  response.setHeader(`x-ratelimit-remaining-${what}`, Math.max(0, limit - used));
  response.setHeader(`x-ratelimit-reset-${what}`, `${resetMs}ms`);
}
