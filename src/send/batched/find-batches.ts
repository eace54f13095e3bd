import type { RemoteBatch } from '../../core/provider.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { StepContext } from '../step.ts';

export interface FoundBatches {
  /** The batch that carries this chunk and attempt; the oldest where there are several. */
  readonly mine: RemoteBatch | null;
  /** Whether the listing shows any batch of this run, which proves that it is the right account's. */
  readonly sawThisRun: boolean;
}

/** Looks through all of the provider's batches for those of one chunk, by metadata; cancels duplicates. */
export async function findBatches(context: StepContext, chunk: ChunkRecord): Promise<FoundBatches> {
  const mine: RemoteBatch[] = [];
  let sawThisRun = false;
  for await (const batch of context.provider.listBatches(context.signals.drain)) {
    if (batch.metadata['batchline_run'] !== context.runId) continue;
    sawThisRun = true;
    if (carries(batch, chunk)) mine.push(batch);
  }
  mine.sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  for (const duplicate of mine.slice(1)) {
    await context.provider.cancelBatch(duplicate.id, context.signals.drain);
    context.emit({
      type: 'Warned',
      message: `Batch ${duplicate.id} repeats file ${chunk.chunk}; it was cancelled.`,
    });
  }
  return { mine: mine[0] ?? null, sawThisRun };
}

function carries(batch: RemoteBatch, chunk: ChunkRecord): boolean {
  const { metadata } = batch;
  return (
    metadata['batchline_chunk'] === String(chunk.chunk) && metadata['batchline_try'] === String(chunk.attempt)
  );
}
