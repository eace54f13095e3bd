import type { PaceHints } from '../../core/direct-side.ts';

/** What a pipeline file sets; null where it leaves that to the provider. */
export interface PaceLimits {
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  /** The most requests under way at a time. */
  readonly concurrency: number;
}

/** A little more than a minute: clocks and networks are not exact. */
const windowMs = 61_000;
const firstPauseMs = 1000;
const longestPauseMs = 60_000;
const firstConcurrency = 4;

/**
 * When the next synchronous request may be sent: pure, so that time is whatever the caller says it is.
 *
 * Requests are spaced evenly, never sent in bursts, so that no window of a minute holds more than the limit wherever it
 * begins, also where it spans two processes. Where no limit is set, the number under way grows by one with each round
 * of answers and is halved by each refusal (additive increase, multiplicative decrease).
 */
export class Pace {
  readonly #limits: PaceLimits;
  /** Before this nothing is sent, in milliseconds since 1970. */
  #notBefore: number;
  #concurrency: number;
  #underWay = 0;
  #answersOfRound = 0;
  #refusalsInRow = 0;
  #lastHalvedAt = -Infinity;

  /** @param now when this process begins: an earlier one may have sent something the moment before */
  constructor(limits: PaceLimits, now: number) {
    this.#limits = limits;
    this.#concurrency = isLimited(limits)
      ? limits.concurrency
      : Math.min(firstConcurrency, limits.concurrency);
    this.#notBefore = now + this.#spacingMs(0);
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** When another request may go, in milliseconds since 1970; null: once one that is under way has ended. */
  get nextAt(): number | null {
    return this.#underWay >= this.#concurrency ? null : this.#notBefore;
  }

  /** @param tokens what the request is reckoned at */
  sent(tokens: number, now: number): void {
    this.#underWay += 1;
    this.#notBefore = Math.max(this.#notBefore, now + this.#spacingMs(tokens));
  }

  /** Of any answer but a refusal for its pace. */
  answered(hints: PaceHints, now: number): void {
    this.#underWay -= 1;
    this.#refusalsInRow = 0;
    this.#heed(hints, now);
    this.#answersOfRound += 1;
    if (this.#answersOfRound < this.#concurrency) return;
    this.#answersOfRound = 0;
    this.#concurrency = Math.min(this.#concurrency + 1, this.#limits.concurrency);
  }

  /** Of an answer 429: nothing is sent for a while. */
  refused(hints: PaceHints, now: number): void {
    this.#underWay -= 1;
    const backOff = Math.min(firstPauseMs * 2 ** this.#refusalsInRow, longestPauseMs);
    // Requests that were under way together are refused together, which is one refusal.
    if (now >= this.#lastHalvedAt + firstPauseMs) {
      this.#lastHalvedAt = now;
      this.#refusalsInRow += 1;
      this.#answersOfRound = 0;
      this.#concurrency = Math.max(1, Math.floor(this.#concurrency / 2));
    }
    this.#pause(Math.min(Math.max(hints.retryAfterMs ?? 0, backOff), longestPauseMs), now);
    this.#heed({ ...hints, retryAfterMs: null }, now);
  }

  /** No answer came. */
  lost(): void {
    this.#underWay -= 1;
  }

  #heed({ retryAfterMs, requests, tokens }: PaceHints, now: number): void {
    if (retryAfterMs !== null) this.#pause(Math.min(retryAfterMs, longestPauseMs), now);
    for (const window of [requests, tokens])
      if (window !== null && window.remaining <= 0)
        this.#pause(Math.min(window.resetMs, longestPauseMs), now);
  }

  #pause(ms: number, now: number): void {
    this.#notBefore = Math.max(this.#notBefore, now + ms);
  }

  #spacingMs(tokens: number): number {
    const { requestsPerMinute, tokensPerMinute } = this.#limits;
    const byRequests = requestsPerMinute === null ? 0 : windowMs / requestsPerMinute;
    const byTokens = tokensPerMinute === null ? 0 : (windowMs * tokens) / tokensPerMinute;
    return Math.max(byRequests, byTokens);
  }
}

function isLimited({ requestsPerMinute, tokensPerMinute }: PaceLimits): boolean {
  return requestsPerMinute !== null || tokensPerMinute !== null;
}
