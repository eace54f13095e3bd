import { hasUnnamedResults, type RemoteBatch } from '../../core/batch-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { later, left, moved, type Step } from '../lane.ts';
import { noteEnded } from './batch-times.ts';
import type { BatchWatch } from './batch-watch.ts';
import { cancelAtProvider } from './cancel.ts';
import type { BatchContext } from './context.ts';
import type { Memory } from './memory.ts';
import { afterRefusal } from './refusal.ts';

/** Looks, when it is time, whether a chunk's batch has ended, and notes how. */
export async function endBatch(
  context: BatchContext,
  watch: BatchWatch,
  chunk: ChunkRecord,
  memory: Memory,
): Promise<Step> {
  const { ledger, pass, ways } = context;
  if (pass.cancels || ways.cutsOver) {
    if (chunk.cancelledAt === null) return moved(await ledger.auto.noteCancel(chunk, Date.now()));
    await cancelOnce(context, watch, chunk, memory);
  }
  const dueAt = watch.dueAt(chunk);
  if (Date.now() < dueAt) return untilLook(context, chunk, dueAt);
  const batch = await watch.look(chunk);
  if (batch !== null) return afterEnd(context, watch, chunk, batch);
  return pass.waits ? untilLook(context, chunk, watch.dueAt(chunk)) : left;
}

function untilLook({ emit }: BatchContext, { chunk }: ChunkRecord, due: number): Step {
  emit({ type: 'LookPlanned', chunk, due: Math.round(due) });
  return later(due, 'batch');
}

async function cancelOnce(
  { batches, signals }: BatchContext,
  watch: BatchWatch,
  chunk: ChunkRecord,
  memory: Memory,
): Promise<void> {
  if (memory.isCancelled || chunk.batchId === null) return;
  memory.isCancelled = await cancelAtProvider(batches, chunk.batchId, signals.drain);
  watch.lookSoon(chunk);
}

async function afterEnd(
  context: BatchContext,
  watch: BatchWatch,
  chunk: ChunkRecord,
  batch: RemoteBatch,
): Promise<Step> {
  const { pass } = context;
  const { status, results, refusal, counts } = batch;
  if (refusal !== null) return afterRefusal(context, chunk, refusal, status);
  const isUnnamed = hasUnnamedResults(batch);
  // What may have been paid for is never sent again for want of a file's name, unless a person says so.
  if (isUnnamed && !pass.takesLost && !pass.cancels) throw resultsUnnamed(chunk, batch);
  const ended = await context.ledger.moveChunk(chunk, 'batch_ended', {
    batchStatus: status,
    results,
    reported: counts === null || isUnnamed ? null : counts.completed + counts.failed,
  });
  await noteEnded(context, ended, batch);
  context.room.batchEnded();
  if (status === 'cancelled' && chunk.cancelledAt !== null)
    await noteCancelTime(context, chunk.cancelledAt, batch);
  if (results.length > 0) context.refusals.answered();
  else if (isTheirDoing(watch, chunk, batch) && context.refusals.count()) throw batchCancelled(batch);
  return moved(ended);
}

/** Whether the provider has cancelled a batch by itself. */
function isTheirDoing(watch: BatchWatch, chunk: ChunkRecord, { status }: RemoteBatch): boolean {
  return status === 'cancelled' && chunk.cancelledAt === null && !watch.hasCancelled(chunk);
}

/** The provider's word counts, for nobody may have looked at the time; but its clock may be another. */
async function noteCancelTime(
  { ledger, pipeline, request }: BatchContext,
  cancelledAt: number,
  { endedAt }: RemoteBatch,
): Promise<void> {
  const now = Date.now();
  const ms = Math.max(0, Math.min(endedAt ?? now, now) - cancelledAt);
  await ledger.auto.addDurations({ pipeline, model: request.model, what: 'cancel' }, [ms]);
}

function batchCancelled({ id }: RemoteBatch): BatchlineError {
  return new BatchlineError(
    'batch_cancelled',
    `The provider cancelled batch ${id}, and the one before it, unanswered.`,
    {
      hint: 'Look for the reason at the provider; typing the same command again sends what is not answered.',
      exitCode: 1,
    },
  );
}

function resultsUnnamed({ runId }: ChunkRecord, { id, status }: RemoteBatch): BatchlineError {
  return new BatchlineError(
    'results_unnamed',
    `Batch ${id} is ${status}, but names no file with its results.`,
    {
      hint: `Look for it at the provider; typing the same command again asks once more and sends nothing twice. \`pipeline retry ${runId} --lost\` gives its answers up and sends its rows again, \`pipeline cancel ${runId}\` ends the run without them.`,
      exitCode: 1,
    },
  );
}
