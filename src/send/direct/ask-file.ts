import { rm } from 'node:fs/promises';
import { ChunkRows } from '../../batch/chunk-rows.ts';
import { chunkFiles } from '../../batch/chunk-files.ts';
import { BatchlineError } from '../../core/errors.ts';
import { windowMs } from '../../core/tier-names.ts';
import { readLines } from '../../files/line-reader.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { AskedLines } from './asked-lines.ts';
import { askLine } from './ask-line.ts';
import { endAccepted } from './end-accepted.ts';
import type { Asking, DirectContext } from './context.ts';
import { LinesOut } from './lines-out.ts';

const tellEveryMs = 1000;

/** What came of asking a file's lines. */
export interface AskedFile {
  /** Requests that were sent again although they may have been answered. */
  readonly inDoubt: number;
  /** Accepted requests whose answers are still to be got, by a later pass; the file has no results before. */
  readonly accepted: number;
  /** Why nothing more is to be sent; null where nothing speaks against it. */
  readonly fault: BatchlineError | null;
}

/**
 * Sends each line of a file that is not answered yet, and gathers the answers into the file of its results. What is under
 * way when the pass is broken off, or ends by a fault, is waited for: it is paid for.
 *
 * @param sends false where no more is to be sent: then what was accepted is cancelled, and the results are what is there
 */
export async function askFile(
  context: DirectContext,
  chunk: ChunkRecord,
  sends: boolean,
): Promise<AskedFile> {
  const { folder, signals, read, emit, account } = context;
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
    const asking = { ...context, isOtherKey: chunk.account !== account };
    const fault = await (sends ? askLines : endAccepted)(asking, asked, requests);
    const { size: accepted } = asked.accepted;
    if (fault !== null && accepted > 0) return { inDoubt: asked.inDoubt, accepted, fault };
    await asked.finish();
    // What nothing was heard of is sent again with the next file, which knows nothing of this one.
    const unheard = fault === null ? 0 : asked.unheard;
    return { inDoubt: asked.inDoubt + unheard, accepted: 0, fault };
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
  const { pacer, signals, runFailed, tokensOf, concurrency, windows, clock } = context;
  const out = new LinesOut(concurrency);
  const failed = new AbortController();
  const stop = AbortSignal.any([signals.drain, runFailed, failed.signal]);
  try {
    for await (const { lines, first } of readLines(path, stop)) {
      for (const [index, bytes] of lines.entries()) {
        if (asked.has(first + index)) continue;
        await out.room(stop);
        const isBegun = asked.handleOf(first + index) !== undefined;
        if (!isBegun) await windows.room(() => context.tier, stop);
        // The block is read over while the line is still needed.
        const line = { number: first + index, line: Buffer.from(bytes), tokens: tokensOf(bytes) };
        const sentAt = isBegun ? clock.now() : await pacer.turn(line.tokens, stop);
        const isLater = isBegun || windowMs(context.tier) !== null;
        const asking = askLine(context, asked, line, sentAt, stop);
        const answered = isLater ? windows.hold(asking) : asking;
        out.add(
          bytes.length,
          answered.catch((reason: unknown) => failed.abort(reason)),
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
