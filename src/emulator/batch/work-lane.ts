/**
 * Lets one batch compute at a time, the oldest first: a batch that shares the one thread with fifty others would end
 * with them, at the end; one after the other they end evenly, and their results can be fetched meanwhile.
 */
export class WorkLane {
  readonly #waiting: { readonly rank: number; readonly enter: () => void }[] = [];
  #busy = false;

  /** Runs the work when no older batch has some. @param rank lower goes first */
  async run<T>(rank: number, work: () => Promise<T>): Promise<T> {
    await this.#enter(rank);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(rank: number): Promise<void> {
    if (!this.#busy) {
      this.#busy = true;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ rank, enter: resolve });
    await promise;
  }

  /** Hands the lane on in a later turn of the event loop, so that requests are served in between. */
  #leave(): void {
    setImmediate(() => {
      const next = this.#takeOldest();
      if (next === undefined) this.#busy = false;
      else next.enter();
    });
  }

  #takeOldest(): { readonly enter: () => void } | undefined {
    let oldest = 0;
    for (const [index, waiter] of this.#waiting.entries()) {
      if (waiter.rank < (this.#waiting[oldest]?.rank ?? Infinity)) oldest = index;
    }
    return this.#waiting.splice(oldest, 1)[0];
  }
}
