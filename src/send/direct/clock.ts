import { sleep } from '../../core/async.ts';

/** Time, as whoever paces requests is told of it. */
export interface Clock {
  /** In milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = { now: () => Date.now(), sleep };
