import { sleep } from '../../core/async.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { NewBatch, RemoteBatch } from '../../core/provider.ts';
import { backoff, providerRetry } from '../../core/retry.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { findBatches } from './find-batches.ts';
import { chunkFiles } from '../../batch/chunk-files.ts';
import { advance, attempt, type StepContext } from '../step.ts';

/** Uploads a chunk's file. An upload costs nothing, so one whose outcome is unknown is simply made again. */
export async function uploadChunk(context: StepContext, chunk: ChunkRecord): Promise<ChunkRecord> {
  const intent = await advance(context, chunk, 'upload_intended');
  const file = {
    path: chunkFiles(context.folder, chunk.chunk).requests,
    name: `batchline-${context.runId}-${chunk.chunk}-${chunk.sha256.slice(0, 12)}.jsonl`,
    bytes: chunk.bytes,
    expiresAfter: seconds(context.expiresAfterMs),
  };
  const { fileId } = await attempt(context, `upload of file ${chunk.chunk}`, () =>
    context.provider.upload(file, context.signals.drain),
  );
  context.emit({ type: 'FileUploaded', chunk: chunk.chunk, fileId, bytes: chunk.bytes });
  return advance(context, intent, 'upload_succeeded', { stored: fileId });
}

/**
 * Creates a chunk's batch: the one call that costs money. It is never repeated before it is certain that the provider
 * did not carry it out: an answer of 4xx rules that out, anything else is settled by looking.
 *
 * @returns the chunk as it was where the provider has no room for another batch
 */
export async function createBatch(context: StepContext, chunk: ChunkRecord): Promise<ChunkRecord> {
  let current = chunk;
  for (let tries = 1; ; tries += 1) {
    context.signals.drain.throwIfAborted();
    const intent = await context.room.claim(current);
    if (intent === null) return current;
    current = intent;
    // The ledger's own errors pass: they say nothing of what the provider did.
    const created = await askForBatch(context, current);
    if (!(created instanceof BatchlineError)) return submitted(context, current, created, false);
    const isAbsent = created.outcome === 'absent';
    if (isAbsent && created.code === 'token_limit_exceeded') return deferred(context, current, created);
    current = isAbsent
      ? await advance(context, current, 'create_ruled_out')
      : await settleCreate(context, current);
    if (current.state !== 'uploaded') return current;
    if (!created.retryable || tries >= providerRetry.attempts) {
      // Whoever types the command again has the file uploaded again.
      if (created.code === 'file_not_found') await advance(context, current, 'input_file_lost');
      throw created;
    }
    const waitMs = created.retryAfterMs ?? backoff(tries, providerRetry);
    const step = `creation of batch ${chunk.chunk}`;
    context.emit({ type: 'StepRetried', step, message: created.message, waitMs });
    await sleep(waitMs, context.signals.drain);
  }
}

/** @returns the batch, or the provider's error */
async function askForBatch(context: StepContext, chunk: ChunkRecord): Promise<RemoteBatch | BatchlineError> {
  try {
    return await context.provider.createBatch(newBatch(context, chunk), context.signals.abort);
  } catch (error) {
    // What is thrown after an abort is its reason, which says nothing about this create.
    context.signals.abort.throwIfAborted();
    if (!(error instanceof BatchlineError)) throw error;
    return error;
  }
}

/** The provider has said at once what it else says at validation: too many tokens are enqueued. */
async function deferred(
  context: StepContext,
  chunk: ChunkRecord,
  error: BatchlineError,
): Promise<ChunkRecord> {
  await context.room.refused(chunk, error.message);
  return advance(context, chunk, 'create_ruled_out', { attempt: chunk.attempt + 1 });
}

/**
 * Settles a create whose outcome is unknown, after a lost reply or the death of the process: what the provider lists
 * under this chunk's metadata is adopted. Absence is believed only after a second look, since a batch can appear a
 * moment after its connection was cut, and only where the listing is that of the account that the create was sent to.
 */
export async function settleCreate(context: StepContext, chunk: ChunkRecord): Promise<ChunkRecord> {
  for (const look of ['first', 'second'] as const) {
    const found = await attempt(context, `look for batch ${chunk.chunk}`, () => findBatches(context, chunk));
    if (found.mine !== null) return submitted(context, chunk, found.mine, true);
    if (look === 'first') {
      await sleep(context.settleMs, context.signals.drain);
      continue;
    }
    const provesAbsence = found.sawThisRun || chunk.account === context.provider.accountFingerprint;
    if (!provesAbsence) throw wrongAccount(context, chunk);
  }
  return advance(context, chunk, 'create_ruled_out');
}

async function submitted(
  context: StepContext,
  chunk: ChunkRecord,
  batch: RemoteBatch,
  adopted: boolean,
): Promise<ChunkRecord> {
  const next = await advance(context, chunk, 'create_succeeded', {
    batchId: batch.id,
    batchStatus: batch.status,
    expiresAt: batch.expiresAt,
  });
  context.emit({ type: 'BatchSubmitted', chunk: chunk.chunk, batchId: batch.id, adopted });
  return next;
}

function newBatch(context: StepContext, chunk: ChunkRecord): NewBatch {
  if (chunk.stored === null) throw new Error(`Chunk ${chunk.chunk} has no file.`);
  return {
    inputFileId: chunk.stored,
    endpoint: context.endpoint,
    completionWindow: context.completionWindow,
    metadata: {
      batchline_pipeline: context.pipeline,
      batchline_run: context.runId,
      batchline_chunk: String(chunk.chunk),
      batchline_try: String(chunk.attempt),
    },
    outputExpiresAfter: seconds(context.expiresAfterMs),
  };
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 1000);
}

function wrongAccount(context: StepContext, chunk: ChunkRecord): BatchlineError {
  return new BatchlineError(
    'wrong_account',
    `Batch ${chunk.chunk} of run ${context.runId} may exist, but the account of this API key does not show it.`,
    {
      hint: 'Use the API key, organisation and project that the run was started with; nothing was sent twice.',
      exitCode: 1,
    },
  );
}
