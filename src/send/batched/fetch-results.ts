import type { ResultPart } from '../../core/batch-side.ts';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import { chunkFiles } from '../../batch/chunk-files.ts';
import { readResultBlocks } from '../../batch/read-result.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { later, moved, type Step } from '../lane.ts';
import type { BatchContext } from './context.ts';
import type { Memory } from './memory.ts';

/** Tries, and milliseconds from the first, after which results that a provider does not have are taken for gone. */
const triesForMissing = 6;
const missingForMs = 60_000;

/**
 * Fetches whatever results a batch has, however it ended: an expired batch's finished rows are paid for. Where they
 * have fewer lines than were sent, that is believed only after a second look.
 */
export async function fetchResults(context: BatchContext, chunk: ChunkRecord, memory: Memory): Promise<Step> {
  const { ledger, settleMs } = context;
  const { secondLookAt } = memory;
  if (secondLookAt !== null) {
    if (Date.now() < secondLookAt) return later(secondLookAt, 'settling');
    const results = await lookAgain(context, chunk, memory);
    await fetchAll(context, chunk, results, memory);
    return moved(await ledger.moveChunk(chunk, 'results_downloaded', { results }));
  }
  await fetchAll(context, chunk, chunk.results, memory);
  if ((await linesOf(context, chunk, memory)) >= chunk.requests)
    return moved(await ledger.moveChunk(chunk, 'results_downloaded'));
  memory.secondLookAt = Date.now() + settleMs;
  memory.fetched.clear();
  return later(memory.secondLookAt, 'settling');
}

/** What the batch names by now, and what it named before. */
async function lookAgain(
  { batches, signals }: BatchContext,
  chunk: ChunkRecord,
  memory: Memory,
): Promise<readonly ResultPart[]> {
  try {
    const { results } = await batches.look(chunk.batchId ?? '', signals.drain);
    const known = chunk.results.filter(({ holds }) => !results.some((part) => part.holds === holds));
    return [...results, ...known].map((part) =>
      memory.gone.has(part.id) ? { ...part, isGone: true } : part,
    );
  } catch (error) {
    // A batch that the provider no longer knows has no other results than those that it named before.
    if (errorCode(error) === 'batch_not_found') return chunk.results;
    throw error;
  }
}

async function fetchAll(
  context: BatchContext,
  chunk: ChunkRecord,
  results: readonly ResultPart[],
  memory: Memory,
): Promise<void> {
  const { batches, folder, signals } = context;
  for (const part of results) {
    if (memory.fetched.has(part.id) || memory.gone.has(part.id)) continue;
    try {
      await batches.fetch(chunk.batchId ?? '', part.id, pathOf(folder, chunk, part), signals.drain);
    } catch (error) {
      if (errorCode(error) !== 'file_not_found' || !(await givesUp(context, chunk, part, memory)))
        throw error;
    }
    memory.fetched.add(part.id);
    // Each call has its own number of tries.
    memory.tries = 0;
  }
}

/**
 * What a provider says that it does not have may come yet. It is noted once it was asked for long enough; only a pass
 * that takes what is lost for lost goes on without it.
 *
 * @throws BatchlineError `results_gone` in every other pass
 */
async function givesUp(
  { ledger, pass, emit }: BatchContext,
  chunk: ChunkRecord,
  part: ResultPart,
  memory: Memory,
): Promise<boolean> {
  memory.missingSince ??= Date.now();
  const wasAskedFor = memory.tries + 1 >= triesForMissing && Date.now() - memory.missingSince >= missingForMs;
  if (part.isGone !== true && !wasAskedFor) return false;
  if (part.isGone !== true) await ledger.noteGone(chunk, part.id);
  if (!pass.takesLost && !pass.cancels) throw resultsGone(chunk, part);
  memory.gone.add(part.id);
  const message = `The provider no longer has ${part.id} with results of batch ${chunk.batchId ?? ''}; the rows that it answered are given up.`;
  emit({ type: 'Warned', message });
  return true;
}

function resultsGone({ runId, batchId }: ChunkRecord, { id }: ResultPart): BatchlineError {
  return new BatchlineError(
    'results_gone',
    `The provider no longer has ${id} with results of batch ${batchId ?? ''}, which are paid for.`,
    {
      hint: `Look for it at the provider. \`pipeline retry ${runId} --lost\` gives it up and sends its rows again, \`pipeline cancel ${runId}\` ends the run without them.`,
      exitCode: 1,
    },
  );
}

async function linesOf(
  { folder, signals }: BatchContext,
  chunk: ChunkRecord,
  { gone }: Memory,
): Promise<number> {
  let lines = 0;
  for (const part of chunk.results) {
    if (gone.has(part.id)) continue;
    const path = pathOf(folder, chunk, part);
    for await (const block of readResultBlocks(path, signals.drain)) lines += block.count;
  }
  return lines;
}

function pathOf(folder: string, { chunk }: ChunkRecord, { holds }: ResultPart): string {
  const files = chunkFiles(folder, chunk);
  return holds === 'errors' ? files.errors : files.output;
}
