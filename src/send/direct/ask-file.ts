import { rm } from 'node:fs/promises';
import { ChunkRows } from '../../batch/chunk-rows.ts';
import { chunkFiles } from '../../batch/chunk-files.ts';
import { BatchlineError } from '../../core/errors.ts';
import { readLines } from '../../files/line-reader.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { AskedLines } from './asked-lines.ts';
import { askLine } from './ask-line.ts';
import type { Asking, DirectContext } from './context.ts';
import { LinesOut } from './lines-out.ts';

const tellEveryMs = 1000;

/** What came of asking a file's lines. */
export interface AskedFile {
  /** Requests that were sent again although they may have been answered. */
  readonly inDoubt: number;
  /** Why nothing more is to be sent; null where nothing speaks against it. */
  readonly fault: BatchlineError | null;
}

/**
 * Sends each line of a file that is not answered yet, and gathers the answers into the file of its results. What is under
 * way when the pass is broken off, or ends by a fault, is waited for: it is paid for.
 *
 * @param sends false where no more is to be sent: then the results are what is there
 */
export async function askFile(
  context: DirectContext,
  chunk: ChunkRecord,
  sends: boolean,
): Promise<AskedFile> {
  const { folder, signals, read, emit } = context;
  const { requests, rows: rowsPath } = chunkFiles(folder, chunk.chunk);
  using rows = await ChunkRows.open(rowsPath, chunk.requests);
  const numbers = new Map(rows.customIds.map((customId, line) => [customId, line]));
  const lineOf = (answer: Buffer): number | null => {
    const result = read(answer);
    return result.kind === 'unparsable' ? null : (numbers.get(result.customId) ?? null);
  };
  await using asked = await AskedLines.open(askedFiles(folder, chunk.chunk), lineOf, signals.abort);
  const tell = (): void =>
    emit({ type: 'RequestsAnswered', chunk: chunk.chunk, answered: asked.count, requests: chunk.requests });
  const clock = setInterval(tell, tellEveryMs);
  try {
    const fault = sends ? await askLines(context, asked, requests) : null;
    await asked.finish();
    // What nothing was heard of is sent again with the next file, which knows nothing of this one.
    return { inDoubt: asked.inDoubt + (fault === null ? 0 : asked.unheard), fault };
  } finally {
    clearInterval(clock);
    tell();
  }
}

/** @returns what ended it before all were asked; null where nothing did */
export async function askLines(
  context: Asking,
  asked: AskedLines,
  path: string,
): Promise<BatchlineError | null> {
  const { pacer, signals, runFailed, tokensOf, concurrency } = context;
  const out = new LinesOut(concurrency);
  const failed = new AbortController();
  const stop = AbortSignal.any([signals.drain, runFailed, failed.signal]);
  try {
    for await (const { lines, first } of readLines(path, stop)) {
      for (const [index, bytes] of lines.entries()) {
        if (asked.has(first + index)) continue;
        await out.room(stop);
        // The block is read over while the line is still needed.
        const line = { number: first + index, line: Buffer.from(bytes), tokens: tokensOf(bytes) };
        const sentAt = await pacer.turn(line.tokens, stop);
        const asking = askLine(context, asked, line, sentAt, stop);
        out.add(
          bytes.length,
          asking.catch((reason: unknown) => failed.abort(reason)),
        );
      }
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    await out.empty();
  }
  signals.drain.throwIfAborted();
  // What failed elsewhere ends it in the same way.
  const ended = [failed.signal, runFailed].find(({ aborted }) => aborted);
  const fault: unknown = ended === undefined ? null : ended.reason;
  if (fault === null || fault instanceof BatchlineError) return fault;
  throw fault;
}

/** To be called once the ledger knows of a file's results. */
export async function forgetAsking(folder: string, chunk: number): Promise<void> {
  await rm(askedFiles(folder, chunk).log, { force: true });
}

function askedFiles(folder: string, chunk: number) {
  const { output } = chunkFiles(folder, chunk);
  return { log: `${output}.asked`, partial: `${output}.partial`, output };
}
