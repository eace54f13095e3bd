import { BatchlineError } from './errors.ts';
import { sleep } from './async.ts';

export interface RetryPolicy {
  /** How often the call may be made in all. */
  readonly attempts: number;
  /** The first wait; each further one is twice as long. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

/** For calls to a provider: about two minutes of trying before giving up, longer where it asks for longer waits. */
export const providerRetry: RetryPolicy = { attempts: 9, firstWaitMs: 500, longestWaitMs: 60_000 };

export interface RetryOptions extends RetryPolicy {
  readonly signal: AbortSignal;
  readonly onRetry?: (error: BatchlineError, waitMs: number) => void;
  /** Whether the call that failed has got further than the one before, so that attempts are counted anew. */
  readonly hasAdvanced?: () => Promise<boolean>;
}

/** Calls until it succeeds, as long as it fails with an error marked `retryable`. */
export async function retry<T>(options: RetryOptions, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof BatchlineError) || !error.retryable) throw error;
      if ((await options.hasAdvanced?.()) === true) attempt = 1;
      if (attempt >= options.attempts) throw error;
      const waitMs = waitBefore(error, attempt, options);
      options.onRetry?.(error, waitMs);
      await sleep(waitMs, options.signal);
    }
  }
}

/**
 * How long to wait after a call failed for the `attempt`th time: as long as the other side asks for, but never less than
 * our own back-off, nor longer than its longest wait. A server may ask for nothing, or for a day.
 */
export function waitBefore(
  { retryAfterMs }: BatchlineError,
  attempt: number,
  policy: Pick<RetryPolicy, 'firstWaitMs' | 'longestWaitMs'>,
): number {
  return Math.max(backoff(attempt, policy), Math.min(retryAfterMs ?? 0, policy.longestWaitMs));
}

/** The wait before attempt `attempt + 1`, with half of it left to chance so that many clients do not march in step. */
export function backoff(attempt: number, policy: Pick<RetryPolicy, 'firstWaitMs' | 'longestWaitMs'>): number {
  const full = Math.min(policy.firstWaitMs * 2 ** (attempt - 1), policy.longestWaitMs);
  return full * (0.5 + Math.random() / 2);
}
