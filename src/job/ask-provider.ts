import type { Host } from '../core/host.ts';
import { providerRetry, retry } from '../core/retry.ts';

/**
 * Makes a call to the provider outside of a batch's steps, as often as any other call is made, and says why one waits.
 *
 * @param step names the call: `check of the provider`
 */
export function askProvider<T>({ signals, emit }: Host, step: string, call: () => Promise<T>): Promise<T> {
  return retry(
    {
      ...providerRetry,
      signal: signals.drain,
      onRetry: ({ message }, waitMs) => emit({ type: 'StepRetried', step, message, waitMs }),
    },
    call,
  );
}
