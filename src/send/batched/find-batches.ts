import type { RemoteBatch } from '../../core/batch-side.ts';
import { errorCode } from '../../core/errors.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { BatchContext } from './context.ts';

export interface FoundBatches {
  /** The batch that carries this chunk and attempt; the oldest where there are several. */
  readonly mine: RemoteBatch | null;
  /** Whether the listing shows any batch of this run, which proves that it is the right account's. */
  readonly sawThisRun: boolean;
}

/** How many batches of a listing are asked for by themselves, the first ones. */
const mostLooks = 50;

/** Looks through all of the provider's batches for those of one chunk; cancels duplicates. */
export async function findBatches(context: BatchContext, chunk: ChunkRecord): Promise<FoundBatches> {
  const { batches, runId, signals, emit } = context;
  const mine: RemoteBatch[] = [];
  let sawThisRun = false;
  let looks = 0;
  for await (const listed of batches.list(signals.drain)) {
    const isNameless = listed.label === null && listed.input === null;
    if (isNameless) looks += 1;
    const batch = isNameless && looks <= mostLooks ? await closer(context, listed) : listed;
    sawThisRun ||= batch.label?.run === runId;
    if (carries(batch, chunk)) mine.push(batch);
  }
  mine.sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  for (const { id } of mine.slice(1)) {
    await batches.cancel(id, signals.drain);
    emit({ type: 'Warned', message: `Batch ${id} repeats file ${chunk.chunk}; it was cancelled.` });
  }
  return { mine: mine[0] ?? null, sawThisRun: sawThisRun || mine.length > 0 };
}

/** Some servers tell less of a batch in a list than when they are asked for it. */
async function closer({ batches, signals }: BatchContext, listed: RemoteBatch): Promise<RemoteBatch> {
  try {
    return await batches.look(listed.id, signals.drain);
  } catch (error) {
    if (errorCode(error) === 'batch_not_found') return listed;
    throw error;
  }
}

/**
 * Whether a batch is that of a chunk's last create. It is told by its label; some servers keep none, and there by its
 * input, which is unique to an upload, but not to a create: one that was refused is that of an earlier one, or has cost
 * nothing.
 */
function carries(
  { label, input, refusal }: RemoteBatch,
  { runId, chunk, attempt, stored }: ChunkRecord,
): boolean {
  if (label !== null) return label.run === runId && label.chunk === chunk && label.attempt === attempt;
  return input !== null && input === stored && refusal === null;
}
