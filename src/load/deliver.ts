import { basename } from 'node:path';
import { chunkFiles } from '../batch/chunk-files.ts';
import { chunkOutcome, type AttemptLimits } from '../batch/chunk-outcome.ts';
import { Reconciliation, type ChunkSpan, type LoadRefusal } from '../batch/reconciliation.ts';
import { linesOver } from '../providers/openai/dialect/line-tokens.ts';
import { applyRefusal, applySupersession } from '../batch/refusal.ts';
import { originalLine } from '../providers/openai/dialect/reask.ts';
import { exists } from '../files/exists.ts';
import { storedLines } from '../files/stored-lines.ts';
import type { EventListener } from '../core/events.ts';
import type { Signals } from '../core/host.ts';
import type { BatchFileError } from '../core/provider.ts';
import type { Semaphore } from '../core/semaphore.ts';
import type { OpenedSink } from '../core/sink.ts';
import { nextState, type ChunkState } from '../ledger/chunk-state.ts';
import type {
  ChunkOutcome,
  ChunkRecord,
  FailedRow,
  Ledger,
  TokenCounts,
  UnfinishedRow,
} from '../ledger/ledger.ts';
import type { TooLarge } from '../ledger/room.ts';
import { addTokens, noTokens } from '../ledger/token-counts.ts';
import type { AnswerReader } from '../results/answer-reader.ts';
import type { ColumnSet } from '../results/columns.ts';
import type { Breaker } from './breaker.ts';
import { joinResults } from './join-results.ts';
import { failuresOf, tidyChunk, type KeepFiles } from '../batch/keep-files.ts';
import { LoadQueue } from './load-queue.ts';

export interface DeliverContext {
  readonly ledger: Ledger;
  readonly sink: OpenedSink;
  readonly slots: Semaphore;
  readonly reader: AnswerReader;
  readonly columns: ColumnSet;
  readonly keyNames: readonly string[];
  readonly runId: string;
  readonly folder: string;
  readonly attemptLimits: AttemptLimits;
  /** Whether rows whose answers are invalid are sent again with those answers. */
  readonly reasks: boolean;
  /** Null where nothing is to hold the run up. */
  readonly breaker: Breaker | null;
  readonly keepFiles: KeepFiles;
  readonly signals: Signals;
  readonly emit: EventListener;
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
        reader: context.reader,
        columns: context.columns,
        keyNames: context.keyNames,
        breaker: context.breaker,
        place: basename(file, '.jsonl'),
        notesInvalid: context.reasks && file === chunkFiles(folder, chunk.chunk).output,
        now: new Date().toISOString(),
        signal: context.signals.abort,
      },
      file,
    );
    usage = addTokens(usage, joined.usage);
  }
  await queue.drain();
  warnOfOddities(context, reconciliation, chunk);
  return record(context, reconciliation, { chunk, state: 'loaded', usage, cleaned });
}

/** Records the refusal of a chunk's whole file: the named lines have failed, the others are to be sent again. */
export async function deliverRefusal(
  context: DeliverContext,
  chunk: ChunkRecord,
  errors: readonly BatchFileError[],
): Promise<ChunkRecord> {
  using reconciliation = await Reconciliation.open(context.folder, [chunk]);
  applyRefusal(reconciliation, errors);
  return record(context, reconciliation, { chunk, state: 'refused', usage: noTokens, cleaned: 0 });
}

/**
 * Gives up a file that holds more tokens than may be enqueued: its rows are to be packed into smaller ones. A row that
 * is too large by itself fails, but only where the limit was said and not guessed.
 */
export async function deliverSuperseded(
  context: DeliverContext,
  chunk: ChunkRecord,
  { cap, largest }: TooLarge,
): Promise<ChunkRecord> {
  using reconciliation = await Reconciliation.open(context.folder, [chunk]);
  const { requests } = chunkFiles(context.folder, chunk.chunk);
  const tooLarge = cap.isStated
    ? await linesOver(requests, largest, context.signals.drain)
    : new Map<number, number>();
  const reasons = Array.from(tooLarge, ([line, tokens]): [number, string] => [
    line,
    `The row has about ${tokens} tokens, of which at most ${cap.tokens} may be enqueued.`,
  ]);
  applySupersession(reconciliation, new Map(reasons));
  context.emit({ type: 'ChunkSuperseded', chunk: chunk.chunk, limit: cap.tokens });
  const state = nextState(chunk.state, 'file_superseded');
  return record(context, reconciliation, { chunk, state, usage: noTokens, cleaned: 0 });
}

interface Recorded {
  readonly chunk: ChunkRecord;
  readonly state: ChunkState;
  readonly usage: TokenCounts;
  readonly cleaned: number;
}

async function record(
  context: DeliverContext,
  reconciliation: Reconciliation,
  { chunk, state, usage, cleaned }: Recorded,
): Promise<ChunkRecord> {
  const { ledger, runId, folder, attemptLimits } = context;
  const [span] = reconciliation.spans;
  if (span === undefined) throw new Error('A reconciliation without a chunk.');
  const history = await ledger.rowHistory(runId, chunk.chunk);
  const outcome = chunkOutcome(reconciliation, span, {
    state,
    limits: attemptLimits,
    history,
    usage,
    cleaned,
    now: Date.now(),
    moreToCome: false,
  });
  const failures = await withRequests(folder, span, outcome, history);
  await ledger.recordOutcomes(runId, new Map([[chunk.chunk, { ...outcome, failures }]]));
  // Of a file that was given up its own event has told.
  if (state !== 'superseded') {
    context.emit({
      type: 'ChunkLoaded',
      chunk: chunk.chunk,
      ok: outcome.ok,
      failed: failures.length,
      pending: outcome.unfinished.length,
    });
  }
  if (outcome.unfinished.length === 0)
    await tidyChunk(folder, chunk.chunk, context.keepFiles, failuresOf(failures));
  return { ...chunk, state };
}

/** Two files may say more than one: the output file is read first, so that most failures are known to be final. */
async function existingFiles(folder: string, chunk: number): Promise<readonly string[]> {
  const { output, errors } = chunkFiles(folder, chunk);
  const found = await Promise.all([output, errors].map(exists));
  return [output, errors].filter((_, index) => found[index]);
}

/** Is told of rows that the sink refused, and of those that were refused and are there after all. */
interface Refusing {
  refuse(index: number, refusal: LoadRefusal): void;
  stands(index: number): void;
}

/** A queue whose refusals end up in the reconciliation, or wherever else the rows are known by an index. */
export function openQueue(
  context: Pick<DeliverContext, 'sink' | 'slots' | 'runId' | 'columns' | 'keyNames' | 'signals' | 'emit'>,
  rows: Refusing,
  chunk: number,
  onCleaned: (count: number) => void,
): LoadQueue {
  const { sink, slots, runId, columns, keyNames, signals, emit } = context;
  return new LoadQueue({
    sink,
    slots,
    runId,
    drain: signals.drain,
    emit,
    keyColumns: keyNames.length,
    valueColumns: columns.plans.length,
    onRefused: (index, { code, message }) => rows.refuse(index, { code, message }),
    onStanding: (index) => rows.stands(index),
    onLoaded: (rows, cleaned) => {
      onCleaned(cleaned);
      emit({ type: 'RowsLoaded', chunk, rows });
    },
  });
}

/** The failed rows with the request line of each, as it was first sent. */
export async function withRequests(
  folder: string,
  span: ChunkSpan,
  outcome: ChunkOutcome,
  history: ReadonlyMap<string, UnfinishedRow>,
): Promise<readonly FailedRow[]> {
  const { failures } = outcome;
  if (failures.length === 0) return failures;
  const lineOf = new Map(span.rows.customIds.map((customId, line) => [customId, line]));
  const lines = failures.map((row) => lineOf.get(row.customId) ?? 0);
  const found: FailedRow[] = [];
  for await (const line of storedLines(chunkFiles(folder, span.chunk.chunk).requests, lines)) {
    const row = failures[found.length];
    if (row === undefined) continue;
    const first = history.get(row.customId)?.isReasking === true ? originalLine(line) : line;
    found.push({ ...row, request: first.toString('utf8') });
  }
  return found.length === failures.length ? found : failures;
}

function warnOfOddities(context: DeliverContext, reconciliation: Reconciliation, chunk: ChunkRecord): void {
  const { strangers, repeats, unparsable } = reconciliation;
  if (strangers + repeats + unparsable === 0) return;
  context.emit({
    type: 'Warned',
    message: `The results of file ${chunk.chunk} hold ${strangers} answers to no row of it, ${repeats} repeated ones and ${unparsable} unreadable lines; they were passed over and are kept in ${context.folder}.`,
  });
}
