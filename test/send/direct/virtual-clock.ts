import type { Clock } from '../../../src/send/direct/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that jumps to the next moment for which somebody waits, as soon as nobody has anything else to do. */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const end = (settle: () => void): void => {
      this.#sleepers.delete(sleeper);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => end(() => reject(signal.reason));
    const sleeper = { at: this.#now + Math.max(0, ms), wake: () => end(resolve) };
    this.#sleepers.add(sleeper);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
    return promise;
  }

  /** Lets time pass until the work has ended. */
  async pass<T>(work: Promise<T>): Promise<T> {
    for (;;) {
      const soon = new Promise<null>((resolve) => setImmediate(resolve, null));
      const ended = await Promise.race([work.then((value) => ({ value })), soon]);
      if (ended !== null) return ended.value;
      const next = Math.min(...this.#sleepers.values().map(({ at }) => at));
      if (next === Infinity) continue;
      this.#now = Math.max(this.#now, next);
      for (const sleeper of this.#sleepers) if (sleeper.at <= this.#now) sleeper.wake();
    }
  }
}
