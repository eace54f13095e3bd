import type { LineFault } from '../core/batch-side.ts';
import { Semaphore } from '../core/semaphore.ts';
import type { Collection } from '../job/job.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';
import type { FileLimit } from '../batch/file-limit.ts';
import type { Breaker } from './breaker.ts';
import { deliverChunk, deliverRefusal, deliverSuperseded, type DeliverContext } from './deliver.ts';
import { loadsAtOnce } from './load-queue.ts';

/** What becomes of the rows of a run's chunks; each chunk is returned as it then stands in the ledger. */
export interface Delivery {
  /** Joins a chunk with its downloaded results and loads it. */
  load(chunk: ChunkRecord): Promise<ChunkRecord>;
  /** Fails the lines that the provider refused and sets the others free. */
  refused(chunk: ChunkRecord, lines: ReadonlyMap<number, LineFault>): Promise<ChunkRecord>;
  /** Gives up a file that is too large, so that its rows move to smaller ones. */
  superseded(chunk: ChunkRecord, limit: FileLimit): Promise<ChunkRecord>;
}

/** @param breaker null where nothing is to hold the run up */
export function openDelivery(collection: Collection, breaker: Breaker | null): Delivery {
  const context = contextOf(collection, breaker);
  return {
    load: (chunk) => deliverChunk(context, chunk),
    refused: (chunk, lines) => deliverRefusal(context, chunk, lines),
    superseded: (chunk, limit) => deliverSuperseded(context, chunk, limit),
  };
}

function contextOf(
  { ledger, run, loaded, prepared, host }: Collection,
  breaker: Breaker | null,
): DeliverContext {
  const { request, batch, keep_files: keepFiles } = loaded.pipeline;
  const onInvalid = request.output?.on_invalid ?? 'fail';
  // Other rows may still need the answers.
  const isShared = request.dedupe || run.followers > 0;
  return {
    ledger,
    sink: prepared.sink,
    slots: new Semaphore(loadsAtOnce),
    results: prepared.results,
    runId: run.runId,
    folder: run.folder,
    requestLines: prepared.requestLines,
    attemptLimits: {
      attempts: batch.max_attempts,
      submissions: 10,
      retriedAnswers: new Set(onInvalid === 'fail' ? [] : ['invalid_json', 'schema_mismatch']),
    },
    reasks: onInvalid === 'reask',
    keepFiles: isShared && keepFiles === 'failed' ? 'loaded' : keepFiles,
    breaker,
    host,
  };
}
