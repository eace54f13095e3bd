import type { JsonMap } from '../../core/json.ts';
import { hasEnded, type BatchRecord } from '../state/batch-record.ts';

const windowMs = 86_400_000;

/** A message batch as the API shows it. @param origin where its results are fetched from */
export function showMessageBatch(batch: BatchRecord, origin: string): JsonMap {
  const isEnded = hasEnded(batch);
  const endedAt = batch.completed_at ?? batch.cancelled_at ?? batch.expired_at ?? batch.failed_at;
  const hasResults = isEnded && batch.output_file_id !== null;
  return {
    id: batch.id,
    type: 'message_batch',
    processing_status: isEnded ? 'ended' : batch.status === 'cancelling' ? 'canceling' : 'in_progress',
    request_counts: isEnded ? finalCounts(batch) : { ...noCounts, processing: batch.request_counts.total },
    created_at: new Date(batch.created_ms).toISOString(),
    expires_at: new Date(batch.created_ms + windowMs).toISOString(),
    ended_at: time(endedAt),
    cancel_initiated_at: time(batch.cancelling_at),
    archived_at: null,
    results_url: hasResults ? `${origin}/v1/messages/batches/${batch.id}/results` : null,
  };
}

const noCounts = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };

function finalCounts({ status, request_counts: { total, completed, failed } }: BatchRecord): JsonMap {
  const left = total - completed - failed;
  return {
    ...noCounts,
    succeeded: completed,
    errored: failed,
    canceled: status === 'cancelled' ? left : 0,
    expired: status === 'expired' ? left : 0,
  };
}

function time(seconds: number | null): string | null {
  return seconds === null ? null : new Date(seconds * 1000).toISOString();
}
