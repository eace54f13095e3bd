import type { Clock } from './clock.ts';
import type { Pace } from './pace.ts';

/** A request that waits for its turn. */
interface Waiter {
  readonly tokens: number;
  /** @param sentAt when it is sent, in milliseconds since 1970 */
  readonly go: (sentAt: number) => void;
}

/** Lets requests of several files through one by one, at the pace that the provider allows. */
export class Pacer {
  readonly pace: Pace;
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  /** Ends the wait for the moment at which the next one may go; null where that depends on an answer. */
  #alarm: AbortController | null = null;

  constructor(pace: Pace, clock: Clock) {
    this.pace = pace;
    this.#clock = clock;
  }

  /**
   * Resolves when a request of so many tokens is to be sent at once; it then counts as under way.
   *
   * @returns the moment, in milliseconds since 1970
   */
  async turn(tokens: number, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const waiter = { tokens, go: resolve };
    const onAbort = (): void => {
      if (this.#waiters.delete(waiter)) reject(signal.reason);
      if (this.#waiters.size === 0) this.#alarm?.abort();
    };
    this.#waiters.add(waiter);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#admit();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** To be called after whatever ends a request has been told to the pace. */
  ended(): void {
    this.#admit();
  }

  /** First come, first served. */
  #admit(): void {
    for (const waiter of this.#waiters) {
      const { nextAt } = this.pace;
      if (nextAt === null) return;
      const now = this.#clock.now();
      if (nextAt > now) return this.#setAlarm(nextAt - now);
      this.#waiters.delete(waiter);
      this.pace.sent(waiter.tokens, now);
      waiter.go(now);
    }
  }

  /** A pause may grow while it is slept through, but never ends early: one alarm is enough. */
  #setAlarm(ms: number): void {
    if (this.#alarm !== null) return;
    const alarm = new AbortController();
    this.#alarm = alarm;
    const ring = (): void => {
      this.#alarm = null;
      this.#admit();
    };
    this.#clock.sleep(ms, alarm.signal).then(ring, ring);
  }
}
