import type { ChunkLimits } from '../core/chunk-limits.ts';
import { sleep } from '../core/async.ts';
import { exists } from '../files/exists.ts';
import { BatchlineError } from '../core/errors.ts';
import type { Collection, Execution, Pass } from '../job/job.ts';
import { orLeave } from '../job/or-leave.ts';
import { chunkLimits } from '../job/settings.ts';
import type { NewChunk } from '../ledger/ledger.ts';
import { Breaker } from '../load/breaker.ts';
import { openDelivery, type Delivery } from '../load/delivery.ts';
import { heldChunks, isAllUnread, unreadableResults } from '../load/held-results.ts';
import { followLeaders } from '../load/followers/follow-leaders.ts';
import { readPatiently } from '../read/read-run.ts';
import { openWays } from '../send/auto/open-ways.ts';
import type { Ways } from '../send/auto/ways.ts';
import { openLane, openRoom } from '../send/batched/open-lane.ts';
import { openDirectLane } from '../send/direct/open-direct.ts';
import { ChunkDriver } from '../send/driver.ts';
import type { Gate } from '../send/gate.ts';
import { left, moved } from '../send/lane.ts';
import { Route } from '../send/route.ts';
import { LateWatch } from './late-watch.ts';
import { runFolderGone } from './state-gone.ts';
import { sendAgain } from './send-again.ts';
import { tidyRun } from './tidy-run.ts';

/** How often what depends on the clock is looked at, and whether the state folder is there. */
const clockMs = 30_000;

/**
 * Reads, sends, collects and loads, as far as the pass goes.
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

/** Puts chunks on their way; its work ends with `limits` known and every chunk that there is started. */
type Start<Kind extends Collection> = (work: Kind, sending: Sending) => Promise<void>;

interface Sending {
  readonly driver: ChunkDriver;
  readonly ways: Ways;
  readonly limits: ChunkLimits;
}

async function carryOn<Kind extends Collection>(given: Kind, start: Start<Kind>): Promise<boolean> {
  // What is under way outlives the error that ends the run by no more than one step.
  const stop = new AbortController();
  const work = stoppedBy(given, stop.signal);
  const { loaded, prepared, pass, host } = work;
  const room = await openRoom(work);
  using ways = await openWays(work, (reason) => driver.fail(reason), host);
  await using _late = pass.cancels ? null : await LateWatch.begin(work);
  const limits = chunkLimits(loaded.pipeline, prepared.provider.batches.limits, {
    tokens: (configured) => room.fileTokens(configured),
    bytes: () => room.fileBytes,
    get asks() {
      return ways.asks;
    },
  });
  const breaker = pass.breaks ? await Breaker.open(work.ledger, work.run) : null;
  const halt = (error: BatchlineError): void => {
    if (endsByFaults(pass)) driver.fail(error);
  };
  const delivery = openDelivery(work, breaker, halt);
  const failure = {
    halt,
    get runFailed() {
      return driver.failed;
    },
  };
  const gates: readonly Gate[] = [];
  const lane = new Route(
    {
      batch: openLane(work, room, delivery, ways, host),
      standard: openDirectLane(work, ways, failure, host),
    },
    ways,
    gates,
  );
  const driver = new ChunkDriver({
    lane: { step: async (chunk) => (await orLeave(work, chunk, () => lane.step(chunk))) ?? left },
    load: async (chunk) => {
      const loaded = await orLeave(work, chunk, () => delivery.load(chunk));
      return loaded === null ? left : moved(loaded);
    },
    sends: pass.sends,
    drain: host.signals.drain,
  });
  breaker?.onTripped((error) => driver.fail(error));
  for (const opened of [ways, ...gates]) opened.onOpened(() => driver.rouse());
  const sending = { driver, ways, limits };
  try {
    await settleHeld(work, driver, delivery);
    await start(work, sending).catch((error: unknown) => {
      // What is under way is brought home first.
      if (!(error instanceof BatchlineError) || !endsSending.has(error.code)) throw error;
      driver.fail(error);
    });
    await drainChunks(work, sending);
    await followLeaders(work, pass.cancels);
    if (driver.parkedChunks > 0) return false;
    throwStuck(driver.stuck);
    const held = await heldChunks(work.ledger, work.run);
    if (held.length > 0 && endsByFaults(pass)) throw unreadableResults(work.run, held);
    await tidyRun(work);
    return true;
  } catch (error) {
    // Whoever asked the run to stop wants what is under way finished first.
    if (!given.host.signals.drain.aborted) stop.abort(error);
    throw error;
  } finally {
    await driver.idle();
  }
}

/** What is left is for a person to decide; the first of it is told. */
function throwStuck([first, ...others]: readonly BatchlineError[]): void {
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const { code, message, hint, exitCode } = first;
  const more = `${message} And so of ${others.length} other ${others.length === 1 ? 'file' : 'files'}.`;
  throw new BatchlineError(code, more, { hint, ...(exitCode === undefined ? {} : { exitCode }) });
}

/** Faults after which nothing more is sent, while what is under way is brought home. */
const endsSending: ReadonlySet<string> = new Set(['breaker', 'unreadable_results', 'account_refused']);

/** Whether what came back may end the run; one that is being cancelled ends anyway. */
function endsByFaults({ cancels }: Pass): boolean {
  return !cancels;
}

/**
 * Rows that are held are given up where a person says so. Else nothing is sent, as long as not one line of some batch's
 * results could be read.
 */
async function settleHeld(work: Collection, driver: ChunkDriver, delivery: Delivery): Promise<void> {
  const held = await heldChunks(work.ledger, work.run);
  if (work.pass.takesLost) for (const chunk of held) await delivery.lost(chunk);
  else if (endsByFaults(work.pass) && held.some(isAllUnread)) driver.fail(unreadableResults(work.run, held));
}

function stoppedBy<Kind extends Collection>(work: Kind, stop: AbortSignal): Kind {
  const { signals } = work.host;
  const abort = AbortSignal.any([signals.abort, stop]);
  const drain = AbortSignal.any([signals.drain, stop]);
  return { ...work, host: { ...work.host, signals: { abort, drain } } };
}

/**
 * Reads what is left to read. A source that can be continued feeds the chunks as they are sealed; of any other nothing
 * is sent before the whole of it was read, so that a broken-off pass, or a key that stands twice, costs nothing.
 */
async function readAndStart(execution: Execution, sending: Sending): Promise<void> {
  const { driver, ways, limits } = sending;
  const { ledger, run, prepared, pass } = execution;
  const sendsEarly = prepared.source.resumable;
  if (run.readingFinished || sendsEarly) await startAll(execution, sending);
  if (run.readingFinished) return;
  const onSealed = async (chunk: NewChunk): Promise<void> => {
    if (!sendsEarly) return;
    await ways.look();
    const sealed = await ledger.chunk(run.runId, chunk.chunk);
    if (sealed !== null) driver.start(sealed);
    await untilPrepared(execution, sending);
  };
  await readPatiently(execution, limits, onSealed, { breaks: pass.breaks });
  await ways.look();
  if (!sendsEarly) await startAll(execution, sending);
}

async function startAll({ ledger, run }: Collection, { driver }: Sending): Promise<void> {
  for (const chunk of await ledger.chunks(run.runId)) driver.start(chunk);
}

/** Holds reading up while more bytes of sealed files wait on disk for their upload, and not for what reading tells. */
async function untilPrepared(work: Collection, { driver, ways }: Sending): Promise<void> {
  for (;;) {
    const change = driver.change();
    driver.throwIfFailed();
    if (ways.isOpen || driver.waitingBytes <= work.loaded.pipeline.batch.max_prepared) return;
    await nextLook(work, change);
  }
}

/** Waits until every chunk is loaded, sending rows again that are to be, as often as that takes. */
async function drainChunks(work: Collection, { driver, ways, limits }: Sending): Promise<void> {
  for (;;) {
    const change = driver.change();
    await ways.look();
    // Only what was at rest before the look for rows to send again is known to have been looked at.
    const isAtRest = driver.activeChunks === 0;
    if (isAtRest && !driver.hasFailed) driver.resumeParked();
    if (!driver.hasFailed && work.pass.sends) await sendAgain(work, driver, limits, ways.cutsOver);
    if (isAtRest && driver.activeChunks === 0) break;
    await nextLook(work, change);
  }
  driver.throwIfFailed();
}

/**
 * Waits for a change, or for the clock. Whoever only waits writes nothing, so that it is seen to here that the next
 * process will know of what is waited for.
 */
async function nextLook({ ledger, run, host }: Collection, change: Promise<void>): Promise<void> {
  const { drain } = host.signals;
  // An aborted clock would ring at once, for ever, and leave no time for what is being broken off.
  if (drain.aborted) return change;
  const looked = new AbortController();
  const clock = sleep(clockMs, AbortSignal.any([drain, looked.signal])).catch(() => {});
  await Promise.race([change, clock]);
  looked.abort();
  await ledger.requireThere();
  if (!(await exists(run.folder))) throw runFolderGone(run);
}
