import type { RemoteBatch } from '../../core/batch-side.ts';
import type { TimedBatch } from '../../ledger/forecast-ledger.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { BatchContext } from './context.ts';

type TimesContext = Pick<BatchContext, 'ledger' | 'providerName' | 'request'>;

/** Keeps since when a batch is under way. */
export async function noteBegun(context: TimesContext, chunk: ChunkRecord): Promise<void> {
  const batch = timedBatch(context, chunk, null);
  if (batch !== null) await context.ledger.forecast.noteBegun(batch);
}

/** Keeps how long a batch took: by the provider's clock where that tells both times, else by ours. */
export async function noteEnded(
  context: TimesContext,
  chunk: ChunkRecord,
  { createdAt, endedAt, status }: RemoteBatch,
): Promise<void> {
  const now = Date.now();
  const isTold = createdAt !== null && endedAt !== null;
  const batch = timedBatch(context, chunk, isTold ? createdAt : null);
  if (batch === null) return;
  const ranOut = chunk.cancelledAt === null && (status === 'completed' || status === 'expired');
  await context.ledger.forecast.noteEnded({ ...batch, ranOut, endedAt: isTold ? endedAt : now });
}

function timedBatch(
  { providerName: provider, request }: TimesContext,
  { batchId, runId, chunk, requests, intendedAt }: ChunkRecord,
  toldAt: number | null,
): TimedBatch | null {
  if (batchId === null) return null;
  const createdAt = toldAt ?? intendedAt ?? Date.now();
  return { batchId, runId, chunk, requests, provider, model: request.model, createdAt };
}
