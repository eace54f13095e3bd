import { nextChunkNumber } from '../ledger/chunk-record.ts';
import { rm } from 'node:fs/promises';
import { PaperChunk } from '../batch/paper-chunk.ts';
import { chunkFiles } from '../batch/chunk-files.ts';
import type { ChunkLimits } from '../core/chunk-limits.ts';
import type { RequestTally } from '../core/request-tally.ts';
import { errorCode } from '../core/errors.ts';
import { retry, type RetryPolicy } from '../core/retry.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { ChunkRecord, NewChunk } from '../ledger/ledger.ts';
import { Dedupe } from './dedupe.ts';
import type { Reading } from '../job/job.ts';
import { FirstRowWins, PartitionedKeyCheck, type KeyCheck } from './key-check.ts';
import { readSource } from './read-source.ts';
import { RecordAdmission } from './record-admission.ts';
import { RenderBreaker } from './render-breaker.ts';
import { noStalePieces, StalePiecesLater, StalePiecesNow, type StalePieces } from './stale-pieces.ts';
import { sendEverything, SkipUnchanged } from './unchanged.ts';

/** About five minutes of waiting for a source that went away, each time that it does. */
const sourceRetry: RetryPolicy = { attempts: 9, firstWaitMs: 500, longestWaitMs: 60_000 };

export interface ReadingOptions {
  /** Whether it stops where no requests can be made of most rows. */
  readonly breaks?: boolean;
  readonly tally?: RequestTally;
  /** Whether no file is written: what files would hold is counted. */
  readonly onPaper?: boolean;
}

/**
 * Reads again after the last durable row, or from the start, when the source goes away for a while.
 *
 * @param onSealed told of each sealed file once it is in the ledger; reading waits until it resolves
 */
export async function readPatiently(
  reading: Reading,
  limits: ChunkLimits,
  onSealed: (chunk: NewChunk) => Promise<void>,
  options: ReadingOptions = {},
): Promise<void> {
  const { host } = reading;
  const isResumable = reading.prepared.source.resumable && options.onPaper !== true;
  const onRetry = (error: Error, waitMs: number) =>
    host.emit({ type: 'StepRetried', step: 'reading', message: error.message, waitMs });
  // What became of the sealed files is no fault of the source's: reading again would not help.
  let failure: { readonly reason: unknown } | null = null;
  const noting = async (chunk: NewChunk): Promise<void> =>
    onSealed(chunk).catch((reason: unknown) => {
      failure = { reason };
      throw reason;
    });
  const hasAdvanced = advances(reading, isResumable);
  await retry({ ...sourceRetry, signal: host.signals.drain, onRetry, hasAdvanced }, async () => {
    if (!isResumable) {
      await beginAnew(reading);
      options.tally?.restart();
    }
    await read(reading, limits, noting, options).catch((error: unknown) => {
      if (failure === null) throw error;
    });
  });
  throwIfAny(failure);
}

/** Tells, when asked, whether rows have become durable since it was last asked. */
function advances({ ledger, run }: Reading, isResumable: boolean): () => Promise<boolean> {
  let records = run.records;
  return async () => {
    const before = records;
    records = (await ledger.run(run.runId))?.records ?? before;
    // A pass that begins anew each time gets no further by it.
    return isResumable && records > before;
  };
}

function throwIfAny(failure: { readonly reason: unknown } | null): void {
  if (failure !== null) throw failure.reason;
}

/** Nothing of a pass that cannot be continued was sent, so its files are of no use. */
async function beginAnew({ ledger, run }: Reading): Promise<void> {
  for (const { chunk } of await ledger.chunks(run.runId)) {
    const files = chunkFiles(run.folder, chunk);
    await rm(files.requests, { force: true });
    await rm(files.rows, { force: true });
  }
  await ledger.discardReading(run.runId);
}

async function read(
  reading: Reading,
  limits: ChunkLimits,
  onSealed: (chunk: NewChunk) => Promise<void>,
  { breaks = false, tally, onPaper = false }: ReadingOptions,
): Promise<void> {
  const { ledger, run, loaded, prepared, flags, host } = reading;
  const { source, chain, renderer } = prepared;
  const before = await ledger.run(run.runId);
  const chunks = await ledger.chunks(run.runId);
  await using keyCheck = openKeyCheck(reading);
  await using stale = await openStalePieces(reading);
  await using dedupe = await openDedupe(reading, chunks);
  await readSource({
    ledger,
    run,
    rendering: { source, chain, renderer, keyMode: loaded.pipeline.source.key_mode },
    rules: {
      admission: new RecordAdmission(keyCheck, source.keyFields.length),
      stale,
      unchanged: await openUnchanged(reading, run.runId),
      dedupe,
      breaker: breaks ? await RenderBreaker.open(ledger, run) : null,
    },
    from: {
      cursor: before?.readCursor ?? null,
      partlyRead: before?.partlyRead ?? [],
      limit: flags.limit === undefined ? undefined : flags.limit - (before?.records ?? 0),
      firstChunk: nextChunkNumber(chunks),
    },
    limits,
    host,
    tally,
    beginChunk: onPaper ? async (_folder, chunk) => new PaperChunk(chunk) : undefined,
    onSealed,
  });
}

function openKeyCheck({ loaded, prepared, run }: Reading): KeyCheck | null {
  if (prepared.source.keyIsUnique) return null;
  return loaded.pipeline.source.on_duplicate_key === 'first'
    ? new FirstRowWins(run.folder)
    : new PartitionedKeyCheck(run.folder);
}

/** A build changes nothing in the sink. */
async function openStalePieces({ run, prepared, host }: Reading): Promise<StalePieces> {
  const { sink, source } = prepared;
  const deletePieces = run.kind === 'build' ? undefined : sink.deletePieces?.bind(sink);
  if (deletePieces === undefined || !(await holdsRows(sink))) return noStalePieces;
  const warn = (message: string): void => host.emit({ type: 'Warned', message });
  if (source.keyIsUnique) return new StalePiecesNow({ deletePieces, warn });
  return StalePiecesLater.open(run.folder, { deletePieces, warn }, host.signals.abort);
}

async function openDedupe(
  { ledger, loaded, run, host }: Reading,
  chunks: readonly ChunkRecord[],
): Promise<Dedupe | null> {
  if (!loaded.pipeline.request.dedupe) return null;
  const now = await ledger.run(run.runId);
  return Dedupe.open(now ?? run, chunks, host.signals.drain);
}

/** @param runId null where rows are only looked at */
export async function openUnchanged(
  { ledger, loaded, prepared, flags }: Omit<Reading, 'run'>,
  runId: string | null,
) {
  if (!prepared.skipsUnchanged || flags.fullRefresh === true) return sendEverything;
  const holds = await holdsRows(prepared.sink);
  return new SkipUnchanged(prepared.sink, ledger, loaded.name, holds, runId);
}

/** A table that is still to be created, as a build leaves it, holds none. */
async function holdsRows(sink: OpenedSink): Promise<boolean> {
  try {
    return (await sink.sample(1)).rows.length > 0;
  } catch (error) {
    if (errorCode(error) === 'table_missing') return false;
    throw error;
  }
}
