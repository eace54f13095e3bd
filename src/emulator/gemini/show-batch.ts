import type { JsonMap } from '../../core/json.ts';
import { hasEnded, type BatchError, type BatchRecord, type BatchState } from '../state/batch-record.ts';

const states: Readonly<Record<BatchState, string>> = {
  validating: 'BATCH_STATE_PENDING',
  in_progress: 'BATCH_STATE_RUNNING',
  finalizing: 'BATCH_STATE_RUNNING',
  cancelling: 'BATCH_STATE_RUNNING',
  completed: 'BATCH_STATE_SUCCEEDED',
  failed: 'BATCH_STATE_FAILED',
  expired: 'BATCH_STATE_EXPIRED',
  cancelled: 'BATCH_STATE_CANCELLED',
};

const types = 'type.googleapis.com/google.ai.generativelanguage.v1main';

/** A batch as the operation that Google makes of it. @param output where its results are; null where there are none */
export function showOperation(batch: BatchRecord, output: JsonMap | null): JsonMap {
  const isEmbedding = batch.endpoint === 'embedContent';
  const batchType = isEmbedding ? 'EmbedContentBatch' : 'GenerateContentBatch';
  const isDone = hasEnded(batch);
  const endTime = time(batch.completed_at ?? batch.cancelled_at ?? batch.expired_at ?? batch.failed_at);
  const createTime = new Date(batch.created_ms).toISOString();
  const metadata = {
    '@type': `${types}.${batchType}`,
    model: `models/${batch.model}`,
    displayName: batch.metadata?.['displayName'],
    ...(output === null ? {} : { output }),
    createTime,
    ...(endTime === null ? {} : { endTime }),
    updateTime: endTime ?? time(batch.finalizing_at ?? batch.in_progress_at) ?? createTime,
    batchStats: batchStats(batch),
    state: states[batch.status],
    name: batch.id,
  };
  return {
    name: batch.id,
    metadata,
    ...(isDone ? { done: true, ...outcome(batch, batchType, output) } : {}),
  };
}

function outcome(batch: BatchRecord, batchType: string, output: JsonMap | null): JsonMap {
  if (batch.status === 'failed') return { error: failure(batch.errors?.[0]) };
  return output === null ? {} : { response: { '@type': `${types}.${batchType}Output`, ...output } };
}

function failure(error: BatchError | undefined): JsonMap {
  const line = error?.line ?? null;
  const message = `${line === null ? '' : `Line ${line}: `}${error?.message ?? 'Internal error.'}`;
  return { code: error?.code === 'token_limit_exceeded' ? 8 : 3, message };
}

/** Numbers are texts, and none is left out for being unknown but for being zero. */
function batchStats({ request_counts: { total, completed, failed }, status }: BatchRecord): JsonMap {
  const counts = {
    requestCount: total,
    successfulRequestCount: completed,
    failedRequestCount: failed,
    pendingRequestCount: status === 'completed' ? 0 : total - completed - failed,
  };
  const shown = Object.entries(counts).filter(([, count]) => count !== 0);
  return Object.fromEntries(shown.map(([name, count]) => [name, String(count)]));
}

function time(seconds: number | null): string | null {
  return seconds === null ? null : new Date(seconds * 1000).toISOString();
}
