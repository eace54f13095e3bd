import type { BatchlineError } from '../core/errors.ts';
import type { LineFault } from '../core/batch-side.ts';
import { Semaphore } from '../core/semaphore.ts';
import type { Collection, Loading } from '../job/job.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';
import type { FileLimit } from '../batch/file-limit.ts';
import type { Breaker } from './breaker.ts';
import {
  deliverChunk,
  deliverLost,
  deliverRefusal,
  deliverSuperseded,
  type DeliverContext,
} from './deliver.ts';
import { costSums } from './cost-sums.ts';
import { isAllUnread, unreadableResults } from './held-results.ts';
import { loadsAtOnce } from './load-queue.ts';

/** Codes of answers that are not valid, and that `on_invalid` may have asked for again. */
export const retriedAnswerCodes: ReadonlySet<string> = new Set([
  'invalid_json',
  'schema_mismatch',
  'empty_answer',
]);

/** A run whose answers are loaded; the pass is left out where nothing is collected. */
type Deliverable = Loading & Partial<Pick<Collection, 'pass'>>;

/** What becomes of the rows of a run's chunks; each chunk is returned as it then stands in the ledger. */
export interface Delivery {
  /** Joins a chunk with its downloaded results and loads it; once more where its rows are held. */
  load(chunk: ChunkRecord): Promise<ChunkRecord>;
  /** Gives up results that could not be read, so that the rows that are held for them are sent again. */
  lost(chunk: ChunkRecord): Promise<ChunkRecord>;
  /** Fails the lines that the provider refused and sets the others free. */
  refused(chunk: ChunkRecord, lines: ReadonlyMap<number, LineFault>): Promise<ChunkRecord>;
  /** Gives up a file that is too large, so that its rows move to smaller ones. */
  superseded(chunk: ChunkRecord, limit: FileLimit): Promise<ChunkRecord>;
}

/**
 * @param breaker null where nothing is to hold the run up
 * @param halt told of what came back that ends the run: nothing more is to be sent
 */
export function openDelivery(
  loading: Deliverable,
  breaker: Breaker | null,
  halt: (error: BatchlineError) => void = () => {},
): Delivery {
  const context = { ...contextOf(loading, breaker), halt };
  return {
    load: async (chunk) => {
      const delivered = await deliverChunk(context, chunk);
      if (isAllUnread(delivered)) halt(unreadableResults(loading.run, [delivered]));
      return delivered;
    },
    lost: (chunk) => deliverLost(context, chunk),
    refused: (chunk, lines) => deliverRefusal(context, chunk, lines),
    superseded: (chunk, limit) => deliverSuperseded(context, chunk, limit),
  };
}

function contextOf(loading: Deliverable, breaker: Breaker | null): Omit<DeliverContext, 'halt'> {
  const { ledger, run, loaded, prepared, host, pass } = loading;
  const costSum = costSums(loading);
  const { request, batch, keep_files: keepFiles } = loaded.pipeline;
  const onInvalid = request.output?.on_invalid ?? 'fail';
  // Other rows may still need the answers.
  const isShared = request.dedupe || run.followers > 0;
  return {
    ledger,
    sink: prepared.sink,
    slots: new Semaphore(loadsAtOnce),
    results: prepared.results,
    costSum,
    runId: run.runId,
    folder: run.folder,
    requestLines: prepared.requestLines,
    attemptLimits: {
      attempts: batch.max_attempts,
      submissions: 10,
      retriedAnswers: onInvalid === 'fail' ? new Set() : retriedAnswerCodes,
    },
    reasks: onInvalid === 'reask',
    keepFiles: isShared && keepFiles === 'failed' ? 'loaded' : keepFiles,
    takesLost: pass?.takesLost ?? false,
    breaker,
    host,
  };
}
