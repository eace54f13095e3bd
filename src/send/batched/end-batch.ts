import type { Refusal, RemoteBatch } from '../../core/batch-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import { chunkFiles } from '../../batch/chunk-files.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { later, left, moved, type Step } from '../lane.ts';
import type { BatchWatch } from './batch-watch.ts';
import { cancelAtProvider } from './cancel.ts';
import type { BatchContext } from './context.ts';
import type { Memory } from './memory.ts';

/** How often a batch is refused for a reason that names no line until the run gives up. */
const refusalsAllowed = 2;

/** Looks, when it is time, whether a chunk's batch has ended, and notes how. */
export async function endBatch(
  context: BatchContext,
  watch: BatchWatch,
  chunk: ChunkRecord,
  memory: Memory,
): Promise<Step> {
  const { pass } = context;
  if (pass.cancels) await cancelOnce(context, chunk, memory);
  const dueAt = watch.dueAt(chunk);
  if (Date.now() < dueAt) return later(dueAt, 'batch');
  const batch = await watch.look(chunk);
  if (batch !== null) return afterEnd(context, chunk, batch);
  return pass.waits ? later(watch.dueAt(chunk), 'batch') : left;
}

async function cancelOnce({ batches, signals }: BatchContext, chunk: ChunkRecord, memory: Memory) {
  if (memory.isCancelled || chunk.batchId === null) return;
  await cancelAtProvider(batches, chunk.batchId, signals.drain);
  memory.isCancelled = true;
}

async function afterEnd(context: BatchContext, chunk: ChunkRecord, batch: RemoteBatch): Promise<Step> {
  const { status, results, refusal, counts } = batch;
  if (refusal !== null) return afterRefusal(context, chunk, refusal, status);
  // What may have been paid for is never sent again for want of a file's name.
  if (results.length === 0 && (counts?.completed ?? 0) > 0) throw resultsUnnamed(batch);
  const ended = await context.ledger.moveChunk(chunk, 'batch_ended', {
    batchStatus: status,
    results,
    reported: counts === null ? null : counts.completed + counts.failed,
  });
  context.room.batchEnded();
  return moved(ended);
}

/**
 * The provider has turned the whole file down, at its creation or after it: nothing ran and nothing was paid.
 *
 * @param status of the batch; null where none was created
 * @throws BatchlineError `batch_refused` where it gave no line and no want of room as its reason, the second time
 */
export async function afterRefusal(
  { ledger, room, unsent, folder }: BatchContext,
  chunk: ChunkRecord,
  refusal: Refusal,
  status: string | null,
): Promise<Step> {
  if (refusal.kind === 'lines') {
    const refused = await unsent.refused(chunk, refusal.lines);
    room.lookAgain();
    return moved(refused);
  }
  const unexplained = chunk.unexplained + (refusal.kind === 'room' ? 0 : 1);
  const givesUp = unexplained >= refusalsAllowed;
  if (refusal.kind === 'room') await room.refused(chunk, refusal);
  // Also where the run gives up: who goes on with it later has removed the cause and wants it sent again. Without the
  // batch's id: the chunk is not with the provider any more.
  const deferred = await ledger.moveChunk(
    chunk,
    chunk.state === 'creating' ? 'create_ruled_out' : 'batch_deferred',
    {
      batchId: null,
      batchStatus: status,
      attempt: chunk.attempt + 1,
      unexplained: givesUp ? 0 : unexplained,
    },
  );
  room.lookAgain();
  if (givesUp) throw refused(folder, chunk, refusal.message);
  return moved(deferred);
}

function refused(folder: string, { chunk }: ChunkRecord, reason: string): BatchlineError {
  return new BatchlineError('batch_refused', `The provider refused file ${chunk}: ${reason}`, {
    where: chunkFiles(folder, chunk).requests,
    hint: 'Correct what the message names.',
    exitCode: 1,
  });
}

function resultsUnnamed({ id, status }: RemoteBatch): BatchlineError {
  return new BatchlineError(
    'results_unnamed',
    `Batch ${id} is ${status}, but names no file with its results.`,
    {
      hint: 'Look for it at the provider; typing the same command again asks once more and sends nothing twice.',
      exitCode: 1,
    },
  );
}
