import { hasEnded, type RemoteBatch } from '../../core/batch-side.ts';
import { errorCode } from '../../core/errors.ts';

/**
 * Cancels a batch; that one which ended meanwhile cannot be cancelled any more is no failure.
 *
 * @returns what `cancel` has answered, or the batch that was ending anyway
 */
export async function cancelUnlessEnded<T>(
  cancel: () => Promise<T>,
  look: () => Promise<RemoteBatch>,
): Promise<T | RemoteBatch> {
  try {
    return await cancel();
  } catch (error) {
    if (errorCode(error) !== 'provider_refused' && errorCode(error) !== 'provider_error') throw error;
    const batch = await look();
    if (hasEnded(batch.status) || batch.status === 'cancelling') return batch;
    throw error;
  }
}
