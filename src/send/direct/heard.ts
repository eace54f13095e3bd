/** What was heard of the provider: when it last answered for a row, and since when it has not. */
export class Heard {
  #answeredAt = -Infinity;
  #silentSince: number | null = null;

  answer(now: number): void {
    this.#answeredAt = now;
    this.#silentSince = null;
  }

  /** A request came to nothing. Time in which nobody asks is no silence. */
  failure(sentAt: number): void {
    this.#silentSince ??= Math.max(sentAt, this.#answeredAt);
  }

  /** Milliseconds for which all that was asked came to nothing. */
  silenceMs(now: number): number {
    return this.#silentSince === null ? 0 : now - this.#silentSince;
  }

  hasAnsweredSince(at: number): boolean {
    return this.#answeredAt >= at;
  }
}
