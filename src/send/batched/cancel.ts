import type { BatchSide } from '../../core/batch-side.ts';
import { BatchlineError } from '../../core/errors.ts';

/** Refusals that say that there is nothing left to cancel. */
const ended: ReadonlySet<string> = new Set(['provider_refused', 'batch_not_found']);

/**
 * Asks the provider to cancel a batch. One that has ended meanwhile, or is unknown, is none to cancel, and an error
 * that may pass is left to the next look at the batch.
 *
 * @returns whether there is nothing more to ask for
 */
export async function cancelAtProvider(
  batches: BatchSide,
  batchId: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await batches.cancel(batchId, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof BatchlineError) || !(error.retryable || ended.has(error.code))) throw error;
    return !error.retryable;
  }
}
