import type { ChunkLimits } from '../core/chunk-limits.ts';
import type { ItemBatch } from '../core/item-batch.ts';
import type { Ledger, NewChunk, RetryQueue, UnfinishedRow } from '../ledger/ledger.ts';
import { chunkFiles } from './chunk-files.ts';
import { Chunker } from './chunker.ts';
import { lineTokens } from '../providers/openai/dialect/line-tokens.ts';
import { originalLine, reaskingLine } from '../providers/openai/dialect/reask.ts';
import { SavedAnswers } from './saved-answers.ts';
import { storedLines } from '../files/stored-lines.ts';

/** Retried rows wait for company no longer than this. */
const longestRetryWaitMs = 30 * 60_000;

export interface RetryState {
  readonly waiting: RetryQueue;
  /** Whether nothing else of the run is left to submit. */
  readonly allSubmitted: boolean;
  /** Whether a batch of the run is still under way. */
  readonly awaitsBatches: boolean;
  readonly fullFile: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Whether the rows that wait to be sent again are to leave now (contract section 5). Pure. */
export function retriesAreDue({ waiting, allSubmitted, awaitsBatches, fullFile, now }: RetryState): boolean {
  if (waiting.count === 0) return false;
  // Nothing is to be waited for with rows that have not been sent at all.
  if (waiting.count >= fullFile || waiting.hasSuperseded) return true;
  if (!allSubmitted) return false;
  return !awaitsBatches || now - (waiting.oldest ?? now) >= longestRetryWaitMs;
}

export interface RepackContext {
  readonly ledger: Ledger;
  readonly runId: string;
  readonly folder: string;
  readonly limits: ChunkLimits;
  readonly firstChunk: number;
}

/**
 * Packs rows of many chunks, as they were sent or to be asked again, into as few new files as fit. Each new file and the rows' move
 * into it is one transaction of the ledger; until then a crash leaves the rows where they were.
 */
export async function repack(
  context: RepackContext,
  rows: readonly UnfinishedRow[],
): Promise<readonly NewChunk[]> {
  const chunks: NewChunk[] = [];
  let inFile: string[] = [];
  await using chunker = new Chunker(context.folder, context.limits, context.firstChunk);
  const keep = async (chunk: NewChunk | null) => {
    if (chunk === null) return;
    await context.ledger.addRetryChunk(context.runId, chunk, inFile);
    chunks.push(chunk);
    inFile = [];
  };
  for (const [chunk, ofChunk] of Map.groupBy(rows, (row) => row.chunk)) {
    for await (const item of storedItems(context, chunk, ofChunk)) {
      for await (const sealed of chunker.add(item)) await keep(sealed.chunk);
      inFile.push(item.customIds[0] ?? '');
    }
  }
  await keep(await chunker.seal());
  return chunks;
}

/** The stored lines of some rows of one chunk, each as a batch of one item. */
async function* storedItems(
  { folder, limits }: RepackContext,
  chunk: number,
  rows: readonly UnfinishedRow[],
): AsyncGenerator<ItemBatch> {
  const files = chunkFiles(folder, chunk);
  const wanted = rows.map((row) => row.line);
  // No file is read to its end, so that all have to be closed.
  await using reading = new AsyncDisposableStack();
  const rowLines = reading.use(storedLines(files.rows, wanted));
  const requestLines = reading.use(storedLines(files.requests, wanted));
  const answers = reading.use(new SavedAnswers(files.output));
  let index = 0;
  for await (const request of requestLines) {
    const rowLine = await rowLines.next();
    const row = rows[index];
    const line = row === undefined ? request : await lineToSend(request, row, answers, limits);
    yield oneItem(row?.customId ?? '', line, rowLine.value ?? Buffer.alloc(0));
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
  limits: ChunkLimits,
): Promise<Buffer> {
  if (row.answer === null) return request;
  const first = row.isReasking ? originalLine(request) : request;
  const answer = await answers.read(row.answer);
  if (answer === null || answer.trim() === '') return first;
  const line = reaskingLine(first, answer, row.message);
  const fits = line.length + lineFeed.length <= limits.bytes && lineTokens(line) <= limits.tokens;
  return fits ? line : first;
}

/** A stored request line and rows line, without their line feeds, as a batch of one item. */
export function oneItem(customId: string, request: Buffer, row: Buffer): ItemBatch {
  const lines = Buffer.concat([request, lineFeed]);
  const rows = Buffer.concat([row, lineFeed]);
  return {
    length: 1,
    lines,
    lineEnds: Uint32Array.of(lines.length),
    rows,
    rowEnds: Uint32Array.of(rows.length),
    customIds: [customId],
    keys: [],
    hashes: null,
    tokens: Uint32Array.of(lineTokens(request)),
    sourceRows: Uint32Array.of(0),
    failures: [],
  };
}

const lineFeed = Buffer.from('\n');
