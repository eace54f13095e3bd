import { BatchlineError, errorCode } from '../../core/errors.ts';
import type { ResultPart } from '../../core/batch-side.ts';
import type { BatchFileError, RemoteBatch } from '../../core/provider.ts';
import { sleep } from '../../core/async.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { readLineBlocks } from '../../files/line-reader.ts';
import { chunkFiles, type ChunkFiles } from '../../batch/chunk-files.ts';
import { advance, attempt, type StepContext } from '../step.ts';
import type { BatchPoller } from './poller.ts';

/** How often a batch is refused for a reason that names no line until the step gives up. */
const refusalsAllowed = 2;

/** What came of waiting for a batch: the chunk moved on, or the provider refused its file for what some lines say. */
export type Awaited = { readonly chunk: ChunkRecord; readonly refusal: readonly BatchFileError[] | null };

/** Waits until a chunk's batch has ended and notes how. Null where the poller looks once and it has not. */
export async function awaitBatch(
  context: StepContext,
  chunk: ChunkRecord,
  poller: BatchPoller,
): Promise<Awaited | null> {
  const batch = await poller.untilEnded(chunk);
  if (batch === null) return null;
  const { status, outputFileId, errorFileId } = batch;
  if (status === 'failed' && outputFileId === null && errorFileId === null) {
    return afterRefusal(context, chunk, batch);
  }
  // What may have been paid for is never sent again for want of a file's name.
  const hasNoFile = outputFileId === null && errorFileId === null;
  if (hasNoFile && (batch.counts?.completed ?? 0) > 0) throw resultsUnnamed(batch);
  const patch = { batchStatus: status, results: partsOf(batch) };
  const endedChunk = await advance(context, chunk, 'batch_ended', patch);
  context.room.batchEnded();
  return { chunk: endedChunk, refusal: null };
}

/** The provider's validation turned the whole file down; nothing ran and nothing was paid. */
async function afterRefusal(context: StepContext, chunk: ChunkRecord, batch: RemoteBatch): Promise<Awaited> {
  if (batch.errors.some((error) => error.line !== null)) return { chunk, refusal: batch.errors };
  const wantsRoom = batch.errors.some(isWantOfRoom);
  const unexplained = chunk.unexplained + (wantsRoom ? 0 : 1);
  const givesUp = unexplained >= refusalsAllowed;
  if (wantsRoom) await context.room.refused(chunk, describe(batch.errors));
  // Without the batch's id: the chunk is not with the provider any more.
  const patch = {
    batchId: null,
    batchStatus: batch.status,
    attempt: chunk.attempt + 1,
    unexplained: givesUp ? 0 : unexplained,
  };
  // Also where the step gives up: who goes on with the run later has removed the cause and wants it sent again.
  const deferred = await advance(context, chunk, 'batch_deferred', patch);
  context.room.wake();
  if (givesUp) throw refused(context, chunk, batch.errors);
  return { chunk: deferred, refusal: null };
}

function refused(
  context: StepContext,
  chunk: ChunkRecord,
  errors: readonly BatchFileError[],
): BatchlineError {
  return new BatchlineError(
    'batch_refused',
    `The provider refused file ${chunk.chunk}: ${describe(errors)}`,
    {
      where: chunkFiles(context.folder, chunk.chunk).requests,
      hint: 'Correct what the message names.',
      exitCode: 1,
    },
  );
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

function isWantOfRoom(error: BatchFileError): boolean {
  return error.code === 'token_limit_exceeded' || /enqueued token/i.test(error.message);
}

function describe(errors: readonly BatchFileError[]): string {
  return errors.map((error) => error.message).join('; ') || 'it gave no reason';
}

/**
 * Fetches whichever result files the batch has, whatever its status: an expired batch's finished rows are paid for.
 * Where they have fewer lines than were sent, that is believed only after a second look.
 */
export async function downloadResults(context: StepContext, chunk: ChunkRecord): Promise<ChunkRecord> {
  await fetchResults(context, chunk);
  if ((await resultLines(context, chunk)) >= chunk.requests)
    return advance(context, chunk, 'results_downloaded');
  await sleep(context.settleMs, context.signals.drain);
  const named = await attempt(context, `look at batch of file ${chunk.chunk}`, () =>
    lookAgain(context, chunk),
  );
  const before = chunk.results.filter(({ holds }) => named.every((part) => part.holds !== holds));
  const results = [...before, ...named];
  await fetchResults(context, { ...chunk, results });
  return advance(context, chunk, 'results_downloaded', { results });
}

/** A batch that the provider no longer knows has no other files than those that it named before. */
async function lookAgain(
  { provider, signals }: StepContext,
  chunk: ChunkRecord,
): Promise<readonly ResultPart[]> {
  try {
    return partsOf(await provider.getBatch(chunk.batchId ?? '', signals.drain));
  } catch (error) {
    if (errorCode(error) === 'batch_not_found') return [];
    throw error;
  }
}

function partsOf({ outputFileId, errorFileId }: RemoteBatch): readonly ResultPart[] {
  return [
    ...(outputFileId === null ? [] : [{ id: outputFileId, holds: 'answers' as const }]),
    ...(errorFileId === null ? [] : [{ id: errorFileId, holds: 'errors' as const }]),
  ];
}

function pathOf({ holds }: ResultPart, { output, errors }: ChunkFiles): string {
  return holds === 'errors' ? errors : output;
}

async function fetchResults(context: StepContext, chunk: ChunkRecord): Promise<void> {
  const files = chunkFiles(context.folder, chunk.chunk);
  for (const part of chunk.results) {
    await attempt(context, `download of ${part.id}`, () =>
      context.provider.download(part.id, pathOf(part, files), context.signals.drain),
    );
  }
}

async function resultLines(context: StepContext, chunk: ChunkRecord): Promise<number> {
  const files = chunkFiles(context.folder, chunk.chunk);
  let lines = 0;
  for (const part of chunk.results) lines += await countLines(pathOf(part, files), context.signals.drain);
  return lines;
}

async function countLines(path: string, signal: AbortSignal): Promise<number> {
  let lines = 0;
  for await (const block of readLineBlocks(path, { signal })) lines += block.count;
  return lines;
}
