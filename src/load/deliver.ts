import { basename } from 'node:path';
import { chunkFiles } from '../batch/chunk-files.ts';
import { chunkOutcome, type AttemptLimits } from '../batch/chunk-outcome.ts';
import { Reconciliation } from '../batch/reconciliation.ts';
import { withRequests } from '../batch/failed-requests.ts';
import { linesOver } from '../batch/lines-over.ts';
import type { FileLimit } from '../batch/file-limit.ts';
import { applyRefusal, applySupersession } from '../batch/refusal.ts';
import type { LineFault } from '../core/batch-side.ts';
import type { ChunkEvent } from '../ledger/chunk-state.ts';
import type { ChunkRecord, Ledger, TokenCounts } from '../ledger/ledger.ts';
import { addTokens, noTokens } from '../ledger/token-counts.ts';
import { exists } from '../files/exists.ts';
import type { RequestLines } from '../request/request-lines.ts';
import type { Breaker } from './breaker.ts';
import { joinResults } from './join-results.ts';
import { failuresOf, tidyChunk, type KeepFiles } from '../batch/keep-files.ts';
import { openQueue, type QueueContext } from './open-queue.ts';

export interface DeliverContext extends QueueContext {
  readonly ledger: Ledger;
  readonly folder: string;
  readonly requestLines: RequestLines;
  readonly attemptLimits: AttemptLimits;
  /** Whether rows whose answers are invalid are sent again with those answers. */
  readonly reasks: boolean;
  /** Null where nothing is to hold the run up. */
  readonly breaker: Breaker | null;
  readonly keepFiles: KeepFiles;
}

/** Joins a chunk with its downloaded result files, loads the answers and records what became of every row. */
export async function deliverChunk(context: DeliverContext, chunk: ChunkRecord): Promise<ChunkRecord> {
  const { ledger, runId, folder } = context;
  using reconciliation = await Reconciliation.open(folder, [chunk]);
  const history = await ledger.rowHistory(runId, chunk.chunk);
  let cleaned = 0;
  const queue = openQueue(context, reconciliation, chunk.chunk, (count) => (cleaned += count));
  let usage = noTokens;
  for (const file of await existingFiles(folder, chunk.chunk)) {
    const joined = await joinResults(
      {
        reconciliation,
        queue,
        history,
        results: context.results,
        breaker: context.breaker,
        place: basename(file, '.jsonl'),
        notesInvalid: context.reasks && file === chunkFiles(folder, chunk.chunk).output,
        now: new Date().toISOString(),
        signal: context.host.signals.abort,
      },
      file,
    );
    usage = addTokens(usage, joined.usage);
  }
  await queue.drain();
  warnOfOddities(context, reconciliation, chunk);
  return record(context, reconciliation, { chunk, event: 'results_loaded', usage, cleaned });
}

/** Records the refusal of a chunk's whole file: the named lines have failed, the others are to be sent again. */
export async function deliverRefusal(
  context: DeliverContext,
  chunk: ChunkRecord,
  lines: ReadonlyMap<number, LineFault>,
): Promise<ChunkRecord> {
  using reconciliation = await Reconciliation.open(context.folder, [chunk]);
  applyRefusal(reconciliation, lines);
  return record(context, reconciliation, { chunk, event: 'batch_refused', usage: noTokens, cleaned: 0 });
}

/**
 * Gives up a file that is too large: its rows are to be packed into smaller ones. A row that is too large by itself
 * fails, but only where the limit was said and not guessed.
 */
export async function deliverSuperseded(
  context: DeliverContext,
  chunk: ChunkRecord,
  limit: FileLimit,
): Promise<ChunkRecord> {
  using reconciliation = await Reconciliation.open(context.folder, [chunk]);
  applySupersession(reconciliation, limit, await rowsOver(context, chunk, limit));
  const { of, limit: most } = limit;
  context.host.emit({ type: 'ChunkSuperseded', chunk: chunk.chunk, of, limit: most });
  return record(context, reconciliation, { chunk, event: 'file_superseded', usage: noTokens, cleaned: 0 });
}

/** The rows that no file of a stated limit holds, each with its size; by their lines, counted from 0. */
async function rowsOver(
  { folder, requestLines, host }: DeliverContext,
  { chunk }: ChunkRecord,
  { of, largestRow }: FileLimit,
): Promise<ReadonlyMap<number, number>> {
  if (largestRow === null) return new Map();
  const sizeOf =
    of === 'tokens' ? (line: Buffer) => requestLines.tokensOf(line) : (line: Buffer) => line.length + 1;
  return linesOver(chunkFiles(folder, chunk).requests, sizeOf, largestRow, host.signals.drain);
}

interface Recorded {
  readonly chunk: ChunkRecord;
  readonly event: ChunkEvent;
  readonly usage: TokenCounts;
  readonly cleaned: number;
}

async function record(
  context: DeliverContext,
  reconciliation: Reconciliation,
  { chunk, event, usage, cleaned }: Recorded,
): Promise<ChunkRecord> {
  const { ledger, runId, folder, attemptLimits } = context;
  const [span] = reconciliation.spans;
  if (span === undefined) throw new Error('A reconciliation without a chunk.');
  const history = await ledger.rowHistory(runId, chunk.chunk);
  const outcome = chunkOutcome(reconciliation, span, {
    event,
    limits: attemptLimits,
    history,
    usage,
    cleaned,
    now: Date.now(),
    moreToCome: false,
  });
  const failures = await withRequests(folder, context.requestLines, span, outcome, history);
  const [recorded] = await ledger.recordOutcomes([{ at: chunk, outcome: { ...outcome, failures } }]);
  if (recorded === undefined) throw new Error('Nothing was recorded.');
  // Of a file that was given up its own event has told.
  if (event !== 'file_superseded') {
    context.host.emit({
      type: 'ChunkLoaded',
      chunk: chunk.chunk,
      ok: outcome.ok,
      failed: failures.length,
      pending: outcome.unfinished.length,
    });
  }
  if (outcome.unfinished.length === 0)
    await tidyChunk(folder, chunk.chunk, context.keepFiles, failuresOf(failures));
  return recorded;
}

/** Two files may say more than one: the output file is read first, so that most failures are known to be final. */
async function existingFiles(folder: string, chunk: number): Promise<readonly string[]> {
  const { output, errors } = chunkFiles(folder, chunk);
  const found = await Promise.all([output, errors].map(exists));
  return [output, errors].filter((_, index) => found[index]);
}

function warnOfOddities(context: DeliverContext, reconciliation: Reconciliation, chunk: ChunkRecord): void {
  const { strangers, repeats, unparsable } = reconciliation;
  if (strangers + repeats + unparsable === 0) return;
  context.host.emit({
    type: 'Warned',
    message: `The results of file ${chunk.chunk} hold ${strangers} answers to no row of it, ${repeats} repeated ones and ${unparsable} unreadable lines; they were passed over and are kept in ${context.folder}.`,
  });
}
