import type { RemoteBatch } from '../../core/batch-side.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { BatchContext } from './context.ts';

export interface FoundBatches {
  /** The batch that carries this chunk and attempt; the oldest where there are several. */
  readonly mine: RemoteBatch | null;
  /** Whether the listing shows any batch of this run, which proves that it is the right account's. */
  readonly sawThisRun: boolean;
}

/** Looks through all of the provider's batches for those of one chunk, by their labels; cancels duplicates. */
export async function findBatches(context: BatchContext, chunk: ChunkRecord): Promise<FoundBatches> {
  const { batches, runId, signals, emit } = context;
  const mine: RemoteBatch[] = [];
  let sawThisRun = false;
  for await (const batch of batches.list(signals.drain)) {
    if (batch.label?.run !== runId) continue;
    sawThisRun = true;
    if (batch.label.chunk === chunk.chunk && batch.label.attempt === chunk.attempt) mine.push(batch);
  }
  mine.sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  for (const { id } of mine.slice(1)) {
    await batches.cancel(id, signals.drain);
    emit({ type: 'Warned', message: `Batch ${id} repeats file ${chunk.chunk}; it was cancelled.` });
  }
  return { mine: mine[0] ?? null, sawThisRun };
}
