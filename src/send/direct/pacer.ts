import { sleep } from '../../core/async.ts';
import type { Pace } from './pace.ts';

/** Lets requests of several files through one by one, at the pace that the provider allows. */
export class Pacer {
  readonly pace: Pace;
  #last: Promise<unknown> = Promise.resolve();
  #changed = Promise.withResolvers<void>();

  constructor(pace: Pace) {
    this.pace = pace;
  }

  /** Resolves when a request of so many tokens is to be sent at once; it then counts as under way. */
  turn(tokens: number, signal: AbortSignal): Promise<void> {
    const turn = this.#last.then(() => this.#wait(tokens, signal));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** To be called after whatever ends a request has been told to the pace. */
  ended(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #wait(tokens: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const { nextAt } = this.pace;
      const now = Date.now();
      if (nextAt !== null && nextAt <= now) return this.pace.sent(tokens, now);
      await this.#change(nextAt === null ? null : nextAt - now, signal);
    }
  }

  /** A pause may grow while it is slept through, but never ends early. */
  async #change(ms: number | null, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const either = AbortSignal.any([signal, woken.signal]);
    const waits = [aborted(either), ...(ms === null ? [this.#changed.promise] : [sleep(ms, either)])];
    try {
      await Promise.race(waits.map((wait) => wait.catch(() => {})));
    } finally {
      woken.abort();
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
