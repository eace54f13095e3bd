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
const shortestPauseMs = 10;
/** Of a pause for a refusal; a provider that asks for a longer one is asked again all the same. */
const longestPauseMs = 60_000;
const mostDoublings = Math.ceil(Math.log2(longestPauseMs / shortestPauseMs));
/** A provider that is away is looked for no more often, and no more rarely. */
const firstAwayMs = 500;
const longestAwayMs = 15_000;
const firstConcurrency = 4;

/**
 * When the next synchronous request may be sent: pure, so that time is whatever the caller says it is.
 *
 * Requests are spaced evenly, never sent in bursts, so that no window of a minute holds more than the limit wherever it
 * begins, also where it spans two processes. The number under way grows by one with each round of answers and is halved
 * by each refusal (additive increase, multiplicative decrease); where a limit is set it begins at the most.
 *
 * A refusal is followed by a pause, twice as long as the last where that did not help and much shorter with each answer: a
 * provider that turns away now and then costs little, and one that turns away everything is hardly asked.
 */
export class Pace {
  readonly #limits: PaceLimits;
  /** Before this nothing is sent, in milliseconds since 1970. */
  #notBefore: number;
  #concurrency: number;
  #underWay = 0;
  #answersOfRound = 0;
  /** How often the pause is doubled. */
  #doublings = 0;
  #lastRefusalAt = -Infinity;
  /** Requests that came to nothing since the last answer, and rounds of them. */
  #failures = 0;
  #failedRounds = 0;

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

  /** Of an answer to what was asked. */
  answered(hints: PaceHints, now: number): void {
    this.#underWay -= 1;
    this.#doublings = Math.floor(this.#doublings / 2);
    this.#failures = 0;
    this.#failedRounds = 0;
    this.#heed(hints, now);
    this.#answersOfRound += 1;
    if (this.#answersOfRound < this.#concurrency) return;
    this.#answersOfRound = 0;
    this.#concurrency = Math.min(this.#concurrency + 1, this.#limits.concurrency);
  }

  /** Of a request that was too early: nothing is sent for a while. */
  refused(hints: PaceHints, sentAt: number, now: number): void {
    this.#underWay -= 1;
    // Requests that were under way together are refused together, which is one refusal.
    if (sentAt >= this.#lastRefusalAt) {
      this.#lastRefusalAt = now;
      this.#doublings = Math.min(this.#doublings + 1, mostDoublings);
      this.#halve();
    }
    this.#pause(Math.min(shortestPauseMs * 2 ** (this.#doublings - 1), longestPauseMs), now);
    this.#heed(hints, now);
  }

  /** Of a request that came to nothing for another reason: where none of a round is answered, the provider is away. */
  failed(hints: PaceHints, now: number): void {
    this.#underWay -= 1;
    this.#heed(hints, now);
    this.#failures += 1;
    if (this.#failures < this.#concurrency) return;
    this.#failures = 0;
    this.#halve();
    this.#pause(Math.min(firstAwayMs * 2 ** this.#failedRounds, longestAwayMs), now);
    this.#failedRounds += 1;
  }

  #halve(): void {
    this.#answersOfRound = 0;
    this.#concurrency = Math.max(1, Math.floor(this.#concurrency / 2));
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
