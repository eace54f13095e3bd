import { basename } from 'node:path';
import { AnswerSizeCounts } from '../batch/answer-sizes.ts';
import { chunkFiles } from '../batch/chunk-files.ts';
import { savedFiles } from '../batch/saved-files.ts';
import { resultsPath, unreadResults } from '../batch/unread-results.ts';
import { anyAnswered, chunkOutcome, type AttemptLimits } from '../batch/chunk-outcome.ts';
import { Reconciliation, type ChunkSpan } from '../batch/reconciliation.ts';
import { withRequests } from '../batch/failed-requests.ts';
import { linesOver } from '../batch/lines-over.ts';
import type { FileLimit } from '../batch/file-limit.ts';
import { applyRefusal, applySupersession } from '../batch/refusal.ts';
import type { BatchlineError } from '../core/errors.ts';
import type { LineFault } from '../core/batch-side.ts';
import type { ChunkEvent } from '../ledger/chunk-state.ts';
import type { AnswerSizes } from '../ledger/answer-ledger.ts';
import type { ChunkRecord, Ledger, TokenCounts, UnreadResults } from '../ledger/ledger.ts';
import { addCosts, type Cost, noCost } from '../ledger/cost.ts';
import { addTokens, noTokens } from '../ledger/token-counts.ts';
import type { RequestLines } from '../request/request-lines.ts';
import type { Breaker } from './breaker.ts';
import { accountRefused } from './account-refused.ts';
import type { BeginCostSum } from './cost-sums.ts';
import { describeUnread } from './held-results.ts';
import { joinResults } from './join-results.ts';
import { failuresOf, tidyChunk, type KeepFiles } from '../batch/keep-files.ts';
import { openQueue, type QueueContext } from './open-queue.ts';

export interface DeliverContext extends QueueContext {
  readonly ledger: Ledger;
  readonly folder: string;
  readonly requestLines: RequestLines;
  readonly attemptLimits: AttemptLimits;
  readonly costSum: BeginCostSum;
  /** Whether rows whose answers are invalid are sent again with those answers. */
  readonly reasks: boolean;
  /** Whether results that the provider no longer has are given up. */
  readonly takesLost: boolean;
  /** Null where nothing is to hold the run up. */
  readonly breaker: Breaker | null;
  readonly keepFiles: KeepFiles;
  /** Told of what ends the run, once it is recorded: nothing more is to be sent. */
  readonly halt: (error: BatchlineError) => void;
}

/**
 * Joins a chunk with its downloaded result files, loads the answers and records what became of every row. Of a chunk
 * whose rows are held, the files are read once more, as they now are, for those rows.
 */
export async function deliverChunk(context: DeliverContext, chunk: ChunkRecord): Promise<ChunkRecord> {
  const { ledger, runId, folder } = context;
  using reconciliation = await Reconciliation.open(folder, [chunk]);
  const history = await ledger.rowHistory(runId, chunk.chunk);
  let cleaned = 0;
  const queue = openQueue(context, reconciliation, chunk.chunk, (count) => (cleaned += count));
  let usage = noTokens;
  const cost = context.costSum(chunk.lane);
  const sizes = new AnswerSizeCounts();
  // The output comes first, so that most failures are known to be final.
  for (const file of await savedFiles(folder, chunk.chunk)) {
    const joined = await joinResults(
      {
        reconciliation,
        queue,
        history,
        cost,
        sizes,
        results: context.results,
        breaker: context.breaker,
        place: placeOf(file, chunk),
        notesInvalid: context.reasks && file === chunkFiles(folder, chunk.chunk).output,
        now: new Date().toISOString(),
        signal: context.host.signals.abort,
      },
      file,
    );
    usage = addTokens(usage, joined.usage);
  }
  await queue.drain();
  noteUnclear(context, reconciliation);
  // Of results that are given up nothing can be read any more.
  const isGivenUp = context.takesLost && chunk.results.some(({ isGone }) => isGone === true);
  const unread = isGivenUp
    ? null
    : unreadResults(reconciliation, spanOf(reconciliation), await resultsPath(folder, chunk.chunk));
  warnOfOddities(context, reconciliation, chunk, unread);
  const event = unread === null ? 'results_loaded' : 'results_held';
  const delivered = await record(context, reconciliation, {
    chunk,
    event,
    usage,
    cleaned,
    unread,
    answers: sizes.sizes,
    cost: isGivenUp ? addCosts(cost.total, costOfLost(reconciliation)) : cost.total,
  });
  const refused = accountRefused(reconciliation, spanOf(reconciliation));
  if (refused !== null) context.halt(refused);
  return delivered;
}

/** Refusals that turn out to be the rows' own count for the breaker as others do. */
function noteUnclear({ breaker }: DeliverContext, reconciliation: Reconciliation): void {
  const answered = anyAnswered(reconciliation, spanOf(reconciliation));
  for (const failure of reconciliation.failures.values())
    if (failure.blame === 'unclear' && answered) breaker?.note(failure);
}

/** Gives up results that could not be read: the rows that are held for them are to be sent again. */
export async function deliverLost(context: DeliverContext, chunk: ChunkRecord): Promise<ChunkRecord> {
  using reconciliation = await Reconciliation.open(context.folder, [chunk]);
  const cost = costOfLost(reconciliation);
  return record(context, reconciliation, { chunk, event: 'results_loaded', cost });
}

/** Answers that are given up were perhaps paid for. */
function costOfLost(reconciliation: Reconciliation): Cost {
  const unheard = reconciliation.states.keys().filter((index) => reconciliation.isUnheard(index));
  return { ...noCost, unpriced: unheard.toArray().length };
}

/** Names a load, and is the same when it is repeated after a crash. */
function placeOf(file: string, { state, unread }: ChunkRecord): string {
  const place = basename(file).replace(/\.jsonl(\.gz)?$/, '');
  // Each time that something could be read, fewer rows are held.
  return state === 'held' ? `${place}.held-${unread?.rows}` : place;
}

function spanOf({ spans: [span] }: Reconciliation): ChunkSpan {
  if (span === undefined) throw new Error('A reconciliation without a chunk.');
  return span;
}

/** Records the refusal of a chunk's whole file: the named lines have failed, the others are to be sent again. */
export async function deliverRefusal(
  context: DeliverContext,
  chunk: ChunkRecord,
  lines: ReadonlyMap<number, LineFault>,
): Promise<ChunkRecord> {
  using reconciliation = await Reconciliation.open(context.folder, [chunk]);
  applyRefusal(reconciliation, lines);
  const history = await context.ledger.rowHistory(context.runId, chunk.chunk);
  // A validation that refuses for the account's sake is believed the second time.
  const refused = accountRefused(
    reconciliation,
    spanOf(reconciliation),
    ({ customId, code }) => history.get(customId)?.code === code,
  );
  const event = 'batch_refused';
  const delivered = await record(context, reconciliation, { chunk, event });
  if (refused !== null) context.halt(refused);
  return delivered;
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
  return record(context, reconciliation, { chunk, event: 'file_superseded' });
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
  /** No tokens, at no cost, where they are left out. */
  readonly usage?: TokenCounts;
  readonly cost?: Cost;
  readonly cleaned?: number;
  readonly answers?: AnswerSizes;
  /** Why rows are held; none are where it is left out. */
  readonly unread?: UnreadResults | null;
}

async function record(
  context: DeliverContext,
  reconciliation: Reconciliation,
  { chunk, event, usage = noTokens, cost = noCost, cleaned = 0, unread = null, answers }: Recorded,
): Promise<ChunkRecord> {
  const { ledger, runId, folder, attemptLimits } = context;
  const span = spanOf(reconciliation);
  const history = await ledger.rowHistory(runId, chunk.chunk);
  const outcome = chunkOutcome(reconciliation, span, {
    event,
    limits: attemptLimits,
    history,
    usage,
    cost,
    cleaned,
    now: Date.now(),
    moreToCome: false,
    unread,
  });
  const failures = await withRequests(folder, context.requestLines, span, outcome, history);
  const [recorded] = await ledger.recordOutcomes([{ at: chunk, outcome: { ...outcome, failures, answers } }]);
  if (recorded === undefined) throw new Error('Nothing was recorded.');
  // Of a file that was given up its own event has told.
  if (event !== 'file_superseded') {
    context.host.emit({
      type: 'ChunkLoaded',
      chunk: chunk.chunk,
      ok: outcome.ok,
      failed: failures.length,
      pending: outcome.unfinished.length + (unread?.rows ?? 0),
    });
  }
  // Of a chunk that was held other rows may still wait to be sent again.
  if (outcome.unfinished.length === 0 && unread === null && chunk.state !== 'held')
    await tidyChunk(folder, chunk.chunk, context.keepFiles, failuresOf(failures));
  return recorded;
}

function warnOfOddities(
  context: DeliverContext,
  reconciliation: Reconciliation,
  chunk: ChunkRecord,
  unread: UnreadResults | null,
): void {
  if (unread !== null) {
    context.host.emit({ type: 'Warned', message: describeUnread(unread, chunk.chunk) });
    return;
  }
  const { strangers, repeats, unparsable } = reconciliation;
  if (strangers + repeats + unparsable === 0) return;
  context.host.emit({
    type: 'Warned',
    message: `The results of file ${chunk.chunk} hold ${strangers} answers to no row of it, ${repeats} repeated ones and ${unparsable} unreadable lines; they were passed over and are kept in ${context.folder}.`,
  });
}
