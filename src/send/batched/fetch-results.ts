import type { ResultPart } from '../../core/batch-side.ts';
import { errorCode } from '../../core/errors.ts';
import { chunkFiles } from '../../batch/chunk-files.ts';
import { readLineBlocks } from '../../files/line-reader.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { later, moved, type Step } from '../lane.ts';
import type { BatchContext } from './context.ts';
import type { Memory } from './memory.ts';

/**
 * Fetches whatever results a batch has, however it ended: an expired batch's finished rows are paid for. Where they
 * have fewer lines than were sent, that is believed only after a second look.
 */
export async function fetchResults(context: BatchContext, chunk: ChunkRecord, memory: Memory): Promise<Step> {
  const { ledger, settleMs } = context;
  const { secondLookAt } = memory;
  if (secondLookAt !== null) {
    if (Date.now() < secondLookAt) return later(secondLookAt, 'settling');
    const results = await lookAgain(context, chunk);
    await fetchAll(context, chunk, results, memory);
    return moved(await ledger.moveChunk(chunk, 'results_downloaded', { results }));
  }
  await fetchAll(context, chunk, chunk.results, memory);
  if ((await linesOf(context, chunk)) >= chunk.requests)
    return moved(await ledger.moveChunk(chunk, 'results_downloaded'));
  memory.secondLookAt = Date.now() + settleMs;
  memory.fetched.clear();
  return later(memory.secondLookAt, 'settling');
}

/** What the batch names by now, and what it named before. */
async function lookAgain(
  { batches, signals }: BatchContext,
  chunk: ChunkRecord,
): Promise<readonly ResultPart[]> {
  try {
    const { results } = await batches.look(chunk.batchId ?? '', signals.drain);
    const known = chunk.results.filter(({ holds }) => !results.some((part) => part.holds === holds));
    return [...results, ...known];
  } catch (error) {
    // A batch that the provider no longer knows has no other results than those that it named before.
    if (errorCode(error) === 'batch_not_found') return chunk.results;
    throw error;
  }
}

async function fetchAll(
  { batches, folder, signals }: BatchContext,
  chunk: ChunkRecord,
  results: readonly ResultPart[],
  memory: Memory,
): Promise<void> {
  for (const part of results) {
    if (memory.fetched.has(part.id)) continue;
    await batches.fetch(chunk.batchId ?? '', part.id, pathOf(folder, chunk, part), signals.drain);
    memory.fetched.add(part.id);
    // Each call has its own number of tries.
    memory.tries = 0;
  }
}

async function linesOf({ folder, signals }: BatchContext, chunk: ChunkRecord): Promise<number> {
  let lines = 0;
  for (const part of chunk.results) {
    const path = pathOf(folder, chunk, part);
    for await (const block of readLineBlocks(path, { signal: signals.drain })) lines += block.count;
  }
  return lines;
}

function pathOf(folder: string, { chunk }: ChunkRecord, { holds }: ResultPart): string {
  const files = chunkFiles(folder, chunk);
  return holds === 'errors' ? files.errors : files.output;
}
