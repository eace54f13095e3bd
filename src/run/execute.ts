import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepContext } from '../send/step.ts';
import { BatchPoller, usualGraceMs } from '../send/batched/poller.ts';
import { repack, retriesAreDue } from '../batch/repack.ts';
import type { WaitingRoom } from '../send/batched/waiting-room.ts';
import type { ChunkLimits } from '../core/chunk-limits.ts';
import { sleep } from '../core/async.ts';
import { Semaphore } from '../core/semaphore.ts';
import { errorCode } from '../core/errors.ts';
import { Breaker } from '../load/breaker.ts';
import { ChunkDriver } from '../send/driver.ts';
import { deliverChunk, deliverRefusal, deliverSuperseded, type DeliverContext } from '../load/deliver.ts';
import type { Collection, Execution } from '../job/job.ts';
import { followLeaders } from '../load/followers/follow-leaders.ts';
import { loadsAtOnce } from '../load/load-queue.ts';
import { failuresOf, tidyChunk, tidyFollowers } from '../batch/keep-files.ts';
import { openRoom } from '../send/batched/open-room.ts';
import { readPatiently } from '../read/read-run.ts';
import { chunkLimits, pollIntervalMs, settleMs } from '../job/settings.ts';

/** How often the conditions that depend on the clock are looked at. */
const clockMs = 30_000;

/**
 * Reads, submits, collects and loads, as far as the pass goes.
 *
 * @returns whether every row is accounted for; otherwise another pass has to go on
 */
export async function execute(execution: Execution): Promise<boolean> {
  return carryOn(execution, readAndStart);
}

/**
 * The same for a run whose source is not to be read any more.
 *
 * @returns whether nothing that the pass covers is left under way
 */
export async function executeSealed(collection: Collection): Promise<boolean> {
  return carryOn(collection, startAll);
}

async function carryOn<Kind extends Collection>(
  execution: Kind,
  start: (stopped: Kind, driver: ChunkDriver, waitingRoom: WaitingRoom) => Promise<void>,
): Promise<boolean> {
  const { host } = execution;
  // Coroutines outlive the error that ends the run by no more than one step.
  const stop = new AbortController();
  const abort = AbortSignal.any([host.signals.abort, stop.signal]);
  const drain = AbortSignal.any([host.signals.drain, stop.signal]);
  const own = { ...host, signals: { abort, drain } };
  const room = await openRoom({ ...execution, host: own });
  const stopped = { ...execution, host: own };
  const breaker = execution.pass.breaks ? await Breaker.open(execution.ledger, execution.run) : null;
  const driver = createDriver(stopped, room, breaker);
  breaker?.onTripped((error) => driver.fail(error));
  try {
    await start(stopped, driver, room).catch((error: unknown) => {
      // What is under way is brought home first.
      if (errorCode(error) !== 'breaker') throw error;
    });
    await drainChunks(stopped, driver, room);
    await followLeaders(stopped);
    if (driver.parkedChunks > 0) return false;
    await tidyAll(stopped);
    return true;
  } catch (error) {
    // Whoever asked the run to stop wants what is under way finished first.
    if (!host.signals.drain.aborted) stop.abort(error);
    throw error;
  } finally {
    await driver.idle();
  }
}

/**
 * Reads what is left to read. A source that can be continued feeds the chunks as they are sealed; of any other nothing
 * is sent before the whole of it was read, so that a broken-off pass, or a key that stands twice, costs nothing.
 */
async function readAndStart(
  execution: Execution,
  driver: ChunkDriver,
  waitingRoom: WaitingRoom,
): Promise<void> {
  const { ledger, run, prepared } = execution;
  const sendsEarly = prepared.source.resumable;
  if (run.readingFinished || sendsEarly) await startAll(execution, driver);
  if (run.readingFinished) return;
  await readPatiently(execution, limitsOf(execution, waitingRoom), async (chunk) => {
    if (!sendsEarly) return;
    const sealed = await ledger.chunk(run.runId, chunk.chunk);
    if (sealed !== null) driver.start(sealed);
    await room(execution, driver);
  });
  if (!sendsEarly) await startAll(execution, driver);
}

async function startAll({ ledger, run }: Collection, driver: ChunkDriver): Promise<void> {
  for (const chunk of await ledger.chunks(run.runId)) driver.start(chunk);
}

function createDriver(execution: Collection, waitingRoom: WaitingRoom, breaker: Breaker | null): ChunkDriver {
  const { prepared, host, loaded, pass } = execution;
  const context = stepContext(execution, waitingRoom);
  const deliver = deliverContext(execution, breaker);
  return new ChunkDriver({
    context,
    pass,
    poller: new BatchPoller({
      provider: prepared.provider,
      firstWaitMs: pollIntervalMs(loaded.pipeline, prepared.isEmulator),
      looksOnce: !pass.waits,
      takesLost: pass.takesLost,
      graceMs: usualGraceMs,
      signal: host.signals.drain,
      emit: host.emit,
    }),
    deliver: (chunk) => deliverChunk(deliver, chunk),
    deliverRefusal: (chunk, errors) => deliverRefusal(deliver, chunk, errors),
    deliverSuperseded: (chunk, reason) => deliverSuperseded(deliver, chunk, reason),
  });
}

function stepContext(
  { ledger, run, loaded, prepared, host }: Collection,
  waitingRoom: WaitingRoom,
): StepContext {
  const { request, batch } = loaded.pipeline;
  return {
    ledger,
    provider: prepared.provider,
    runId: run.runId,
    pipeline: loaded.name,
    folder: run.folder,
    endpoint: request.endpoint,
    room: waitingRoom,
    completionWindow: batch.completion_window,
    expiresAfterMs: batch.expires_after,
    settleMs: settleMs(pollIntervalMs(loaded.pipeline, prepared.isEmulator)),
    signals: host.signals,
    emit: host.emit,
  };
}

function deliverContext(
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

/** Holds reading up while too many sealed files wait on disk for their upload. */
async function room({ loaded }: Collection, driver: ChunkDriver): Promise<void> {
  for (;;) {
    const change = driver.change();
    driver.throwIfFailed();
    if (driver.waitingBytes <= loaded.pipeline.batch.max_prepared) return;
    await change;
  }
}

/** Waits until every chunk is loaded, sending rows again that are to be, as often as that takes. */
async function drainChunks(
  execution: Collection,
  driver: ChunkDriver,
  waitingRoom: WaitingRoom,
): Promise<void> {
  for (;;) {
    const change = driver.change();
    // Only what was at rest before the look for rows to send again is known to have been looked at.
    const isAtRest = driver.activeChunks === 0;
    if (isAtRest && !driver.hasFailed) driver.resumeParked();
    if (!driver.hasFailed && execution.pass.sends) await sendAgain(execution, driver, waitingRoom);
    if (isAtRest && driver.activeChunks === 0) break;
    await nextLook(change, execution.host.signals.drain);
  }
  driver.throwIfFailed();
}

async function nextLook(change: Promise<void>, signal: AbortSignal): Promise<void> {
  // An aborted clock would ring at once, for ever, and leave no time for what is being broken off.
  if (signal.aborted) return change;
  const looked = new AbortController();
  const clock = sleep(clockMs, AbortSignal.any([signal, looked.signal])).catch(() => {});
  await Promise.race([change, clock]);
  looked.abort();
}

function limitsOf({ loaded, prepared }: Collection, waitingRoom: WaitingRoom): ChunkLimits {
  const { pipeline } = loaded;
  return chunkLimits(pipeline, prepared.provider.limits, (tokens) => waitingRoom.fileTokens(tokens));
}

async function sendAgain(
  execution: Collection,
  driver: ChunkDriver,
  waitingRoom: WaitingRoom,
): Promise<void> {
  const { ledger, run } = execution;
  const limits = limitsOf(execution, waitingRoom);
  const rows = await ledger.unfinishedRows(run.runId, limits.requests);
  const { allSubmitted, awaitsBatches } = driver;
  const now = Date.now();
  if (!retriesAreDue({ rows, allSubmitted, awaitsBatches, fullFile: limits.requests, now })) return;
  const chunks = await ledger.chunks(run.runId);
  const firstChunk = 1 + (chunks.at(-1)?.chunk ?? 0);
  const packed = await repack({ ledger, runId: run.runId, folder: run.folder, limits, firstChunk }, rows);
  for (const { chunk } of packed) {
    const sealed = await ledger.chunk(run.runId, chunk);
    if (sealed !== null) driver.start(sealed);
  }
}

/** Tidies up after a run of which nothing more is sent; also what a crash between loading and tidying left lying about. */
export async function tidyAll({
  ledger,
  run,
  loaded,
}: Pick<Collection, 'ledger' | 'run' | 'loaded'>): Promise<void> {
  for (const { chunk } of await ledger.chunks(run.runId)) {
    const failures = failuresOf(await ledger.ownFailures(run.runId, chunk));
    await tidyChunk(run.folder, chunk, loaded.pipeline.keep_files, failures);
  }
  const { failed } = await ledger.rowCounts(run.runId);
  await tidyFollowers(run.folder, loaded.pipeline.keep_files, failed > 0);
  for (const workingCopy of ['keys', 'keys.db', 'leaders.db', 'followers.db'])
    await rm(join(run.folder, workingCopy), { recursive: true, force: true });
}
