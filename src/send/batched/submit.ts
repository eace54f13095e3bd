import { BatchlineError, errorCode } from '../../core/errors.ts';
import type { ChunkFile, Refusal, RemoteBatch } from '../../core/batch-side.ts';
import { chunkFiles } from '../../batch/chunk-files.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { left, moved, type Step } from '../lane.ts';
import type { BatchContext } from './context.ts';
import type { Memory } from './memory.ts';
import { afterSizeRefusal } from './refusal.ts';

/** An upload costs nothing, so that one whose outcome is unknown is simply made again. */
export async function intendUpload({ ledger, batches }: BatchContext, chunk: ChunkRecord): Promise<Step> {
  const event = batches.store === undefined ? 'upload_skipped' : 'upload_intended';
  return moved(await ledger.moveChunk(chunk, event));
}

export async function upload(context: BatchContext, chunk: ChunkRecord): Promise<Step> {
  const { ledger, batches, signals, emit } = context;
  // Of a run that was begun at a provider that takes uploads.
  if (batches.store === undefined) throw new Error(`This provider takes no upload of file ${chunk.chunk}.`);
  let stored: string;
  try {
    stored = await batches.store(fileOf(context, chunk), signals.drain);
  } catch (error) {
    if (errorCode(error) === 'file_too_large') return afterSizeRefusal(context, chunk);
    throw error;
  }
  emit({ type: 'FileUploaded', chunk: chunk.chunk, fileId: stored, bytes: chunk.bytes });
  return moved(await ledger.moveChunk(chunk, 'upload_succeeded', { stored }));
}

/**
 * Creates a chunk's batch: the one call that costs money. The intent is durable before it, and it is never repeated
 * before the provider was looked at, whatever it was answered: gateways have refused what they had carried out.
 */
export async function createBatch(context: BatchContext, chunk: ChunkRecord, memory: Memory): Promise<Step> {
  const { pass, room, signals } = context;
  signals.drain.throwIfAborted();
  const intent = await room.claim(chunk);
  if (intent === null) return pass.waits ? room.wait() : left;
  // The ledger's own errors pass: they say nothing of what the provider did.
  const answer = await askForBatch(context, intent);
  if (!(answer instanceof BatchlineError) && !('kind' in answer))
    return submitted(context, intent, answer, false, memory);
  memory.unsettled = answer;
  return moved(intent);
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

export async function submitted(
  { ledger, emit }: BatchContext,
  chunk: ChunkRecord,
  batch: RemoteBatch,
  adopted: boolean,
  memory: Memory,
): Promise<Step> {
  const next = await ledger.moveChunk(chunk, 'create_succeeded', {
    batchId: batch.id,
    batchStatus: batch.status,
    expiresAt: batch.expiresAt,
  });
  memory.creates = 0;
  emit({ type: 'BatchSubmitted', chunk: chunk.chunk, batchId: batch.id, adopted });
  return moved(next);
}

function fileOf(context: BatchContext, chunk: ChunkRecord): ChunkFile {
  const { folder, request, pipeline, job, runId, completionWindow, expiresAfterMs } = context;
  const { bytes, sha256, requests, attempt } = chunk;
  return {
    path: chunkFiles(folder, chunk.chunk).requests,
    bytes,
    sha256,
    requests,
    request,
    label: { pipeline, job, run: runId, chunk: chunk.chunk, attempt },
    completionWindow,
    expiresAfterMs,
  };
}
