import { BatchlineError, errorCode } from '../../core/errors.ts';
import type { ChunkFile, Refusal, RemoteBatch } from '../../core/batch-side.ts';
import { providerRetry, waitBefore } from '../../core/retry.ts';
import { chunkFiles } from '../../batch/chunk-files.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { moved, type Step } from '../lane.ts';
import type { BatchContext } from './context.ts';
import { afterRefusal } from './end-batch.ts';
import type { Memory } from './memory.ts';

/** An upload costs nothing, so that one whose outcome is unknown is simply made again. */
export async function intendUpload({ ledger, batches }: BatchContext, chunk: ChunkRecord): Promise<Step> {
  const event = batches.store === undefined ? 'upload_skipped' : 'upload_intended';
  return moved(await ledger.moveChunk(chunk, event));
}

export async function upload(context: BatchContext, chunk: ChunkRecord): Promise<Step> {
  const { ledger, batches, signals, emit } = context;
  // Of a run that was begun at a provider that takes uploads.
  if (batches.store === undefined) throw new Error(`This provider takes no upload of file ${chunk.chunk}.`);
  const stored = await batches.store(fileOf(context, chunk), signals.drain);
  emit({ type: 'FileUploaded', chunk: chunk.chunk, fileId: stored, bytes: chunk.bytes });
  return moved(await ledger.moveChunk(chunk, 'upload_succeeded', { stored }));
}

/**
 * Creates a chunk's batch: the one call that costs money. The intent is durable before it; it is never repeated before
 * it is certain that the provider did not carry it out: an answer of 4xx rules that out, anything else is settled by
 * looking.
 */
export async function createBatch(context: BatchContext, chunk: ChunkRecord, memory: Memory): Promise<Step> {
  const { ledger, room, signals } = context;
  signals.drain.throwIfAborted();
  const intent = await room.claim(chunk);
  if (intent === null) return room.wait();
  // The ledger's own errors pass: they say nothing of what the provider did.
  const answer = await askForBatch(context, intent);
  if (!(answer instanceof BatchlineError))
    return 'kind' in answer
      ? afterRefusal(context, intent, answer, null)
      : submitted(context, intent, answer, false);
  if (answer.outcome !== 'absent') {
    memory.unsettled = answer;
    return moved(intent);
  }
  const ruledOut = await ledger.moveChunk(intent, 'create_ruled_out');
  return afterFailedCreate(context, ruledOut, memory, answer);
}

/** @returns the provider's error as it is */
async function askForBatch(
  context: BatchContext,
  chunk: ChunkRecord,
): Promise<RemoteBatch | Refusal | BatchlineError> {
  const { batches, signals } = context;
  try {
    return await batches.create(fileOf(context, chunk), chunk.stored, signals.abort);
  } catch (error) {
    // What is thrown after an abort is its reason, which says nothing about this create.
    signals.abort.throwIfAborted();
    if (!(error instanceof BatchlineError)) throw error;
    return error;
  }
}

/**
 * Has a create that was surely not carried out made again, as long as that may help.
 *
 * @throws the create's error where it may not
 */
export async function afterFailedCreate(
  context: BatchContext,
  chunk: ChunkRecord,
  memory: Memory,
  error: BatchlineError,
): Promise<Step> {
  memory.unsettled = null;
  memory.creates += 1;
  if (!error.retryable || memory.creates >= providerRetry.attempts) {
    // Whoever types the command again has the file uploaded again.
    if (errorCode(error) === 'file_not_found') await context.ledger.moveChunk(chunk, 'input_file_lost');
    throw error.asFinal();
  }
  const waitMs = waitBefore(error, memory.creates, providerRetry);
  const step = `creation of batch ${chunk.chunk}`;
  context.emit({ type: 'StepRetried', step, message: error.message, waitMs });
  memory.notBefore = Date.now() + waitMs;
  return moved(chunk);
}

export async function submitted(
  { ledger, emit }: BatchContext,
  chunk: ChunkRecord,
  batch: RemoteBatch,
  adopted: boolean,
): Promise<Step> {
  const next = await ledger.moveChunk(chunk, 'create_succeeded', {
    batchId: batch.id,
    batchStatus: batch.status,
    expiresAt: batch.expiresAt,
  });
  emit({ type: 'BatchSubmitted', chunk: chunk.chunk, batchId: batch.id, adopted });
  return moved(next);
}

function fileOf(context: BatchContext, chunk: ChunkRecord): ChunkFile {
  const { folder, request, pipeline, runId, completionWindow, expiresAfterMs } = context;
  const { bytes, sha256, requests, attempt } = chunk;
  return {
    path: chunkFiles(folder, chunk.chunk).requests,
    bytes,
    sha256,
    requests,
    request,
    label: { pipeline, run: runId, chunk: chunk.chunk, attempt },
    completionWindow,
    expiresAfterMs,
  };
}
