import { storedLines } from '../files/stored-lines.ts';
import type { Ledger, NewChunk, RetryQueue, UnfinishedRow } from '../ledger/ledger.ts';
import type { AnswerReader } from '../results/answer-reader.ts';
import { chunkFiles } from './chunk-files.ts';
import { packRows, type PackContext, type StoredRow } from './pack-rows.ts';
import { SavedAnswers } from './saved-answers.ts';

/** Retried rows wait for company no longer than this. */
const longestRetryWaitMs = 30 * 60_000;

export interface RetryState {
  readonly waiting: RetryQueue;
  /** Whether nothing else of the run is left to submit. */
  readonly allSubmitted: boolean;
  /** Whether a batch of the run is still under way. */
  readonly awaitsBatches: boolean;
  readonly fullFile: number;
  /** Whether nothing is to be waited for any longer. */
  readonly isUrgent: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Whether the rows that wait to be sent again are to leave now (contract section 5). Pure. */
export function retriesAreDue(state: RetryState): boolean {
  const { waiting, allSubmitted, awaitsBatches, fullFile, isUrgent, now } = state;
  if (waiting.count === 0) return false;
  if (isUrgent) return true;
  // Nothing is to be waited for with rows that have not been sent at all.
  if (waiting.count >= fullFile || waiting.hasSuperseded) return true;
  if (!allSubmitted) return false;
  return !awaitsBatches || now - (waiting.oldest ?? now) >= longestRetryWaitMs;
}

export interface RepackContext extends PackContext {
  readonly ledger: Ledger;
  readonly runId: string;
  /** Understands the answers that rows are asked about again. */
  readonly reader: AnswerReader;
}

/** Packs rows of many chunks, as they were sent or to be asked again, into new files. */
export async function repack(
  context: RepackContext,
  rows: readonly UnfinishedRow[],
): Promise<readonly NewChunk[]> {
  const { ledger, runId } = context;
  return packRows(context, rowsOf(context, rows), (chunk, customIds) =>
    ledger.addRetryChunk(runId, chunk, customIds),
  );
}

async function* rowsOf(context: RepackContext, rows: readonly UnfinishedRow[]): AsyncGenerator<StoredRow> {
  for (const [chunk, ofChunk] of Map.groupBy(rows, (row) => row.chunk))
    yield* rowsOfChunk(context, chunk, ofChunk);
}

async function* rowsOfChunk(
  context: RepackContext,
  chunk: number,
  rows: readonly UnfinishedRow[],
): AsyncGenerator<StoredRow> {
  const files = chunkFiles(context.folder, chunk);
  const wanted = rows.map((row) => row.line);
  // No file is read to its end, so that all have to be closed.
  await using reading = new AsyncDisposableStack();
  const rowLines = reading.use(storedLines(files.rows, wanted));
  const requestLines = reading.use(storedLines(files.requests, wanted));
  const answers = reading.use(new SavedAnswers(files.output, context.reader));
  let index = 0;
  for await (const request of requestLines) {
    const rowLine = await rowLines.next();
    const row = rows[index];
    const line = row === undefined ? request : await lineToSend(request, row, answers, context);
    yield { customId: row?.customId ?? '', request: line, row: rowLine.value ?? Buffer.alloc(0) };
    index += 1;
  }
  if (index !== rows.length)
    throw new Error(`Chunk ${chunk} lacks the lines of ${rows.length - index} rows.`);
}

/** The line as it was sent last, or one that asks about the answer, where that is kept and fits into a file. */
async function lineToSend(
  request: Buffer,
  row: UnfinishedRow,
  answers: SavedAnswers,
  { lines, limits }: PackContext,
): Promise<Buffer> {
  if (row.answer === null) return request;
  const first = row.isReasking ? lines.original(request) : request;
  const answer = await answers.read(row.answer);
  if (answer === null || answer.trim() === '') return first;
  const line = lines.reasking(first, answer, row.message);
  const bytes = line.length + '\n'.length;
  return bytes <= limits.bytes && lines.tokensOf(line) <= limits.tokens ? line : first;
}
