import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { OpenedSink } from '../core/sink.ts';
import { mayBePaid } from '../ledger/chunk-state.ts';
import type { ChunkRecord, Ledger, RunRecord, RunStatus } from '../ledger/ledger.ts';
import { atWork, summarizeAt, type OwnedWork } from './at-work.ts';
import { openSink } from '../job/open-parts.ts';
import { columnsOf } from '../job/result-columns.ts';
import { isContinuable } from './continue-run.ts';
import { executeSealed } from './execute.ts';
import { LeftBehind } from './left-behind.ts';
import { tidyRun } from './tidy-run.ts';
import { chunksToFollow } from '../load/followers/follow-leaders.ts';
import { noticing } from './notify/notices.ts';
import { openToEnd, telling, type Opening } from './open-run.ts';
import type { RunSummary } from './summary.ts';
import { workOn } from './work-on.ts';

export interface Cancellation extends Opening {
  /** Whether to wait until the provider has ended every batch. */
  readonly waits: boolean;
  /** Whether this is tried again later, so that a provider which may come back is an error. */
  readonly isTriedAgain: boolean;
}

export interface CancelResult {
  readonly status: Extract<RunStatus, 'cancelled' | 'waiting'>;
  readonly summary: RunSummary;
  /** What the run has left behind at its end; null where nothing is left. */
  readonly error: BatchlineError | null;
  /** 3 where batches are still being cancelled, 1 where something was left behind. */
  readonly exitCode: 0 | 1 | 3;
}

interface Work extends OwnedWork {
  readonly loaded: LoadedPipeline;
}

/**
 * Ends a run: nothing of it is sent any more, its batches are cancelled at the provider, and what they had answered by
 * then, which is paid for, is loaded. Rows without an answer stay as they are, not sent. What cannot be reached keeps
 * no run from its end: it is named, and left where a later call takes it up. The caller holds the run's lock.
 */
export async function cancelRun(cancellation: Cancellation, run: RunRecord): Promise<CancelResult> {
  return noticing(cancellation, run, () => cancel(cancellation, run));
}

async function cancel(
  { waits, isTriedAgain, ...given }: Cancellation,
  run: RunRecord,
): Promise<CancelResult> {
  const opening = telling(given, run.runId);
  const { ledger } = opening;
  await ledger.requestCancel(run.runId);
  const owned = { ...opening, run, startedAt: Date.now() };
  if ((await leftOf(ledger, run)).length === 0) return await endUnopened(owned);
  const pass = { waits, sends: false, cancels: true, takesLost: false, breaks: false };
  await using opened = await openToEnd(opening, run, pass, isTriedAgain);
  const left = new LeftBehind();
  const work = { ...opened.work, leave: left.note.bind(left) };
  return await workOn(work, async () => {
    await executeSealed(work);
    if ((await leftOf(ledger, run)).every((chunk) => left.has(chunk)))
      return end(work, work.prepared.sink, left);
    const status = run.status === 'cancelled' ? run.status : 'waiting';
    return { status, summary: await summarizeAt(work, status), error: null, exitCode: 3 };
  });
}

/** Ends a run whose pipeline file cannot be read, so that nobody knows what to reach. The caller holds the run's lock. */
export async function cancelWithoutFile(
  { ledger, host, cause }: { readonly ledger: Ledger; readonly host: Host; readonly cause: BatchlineError },
  run: RunRecord,
): Promise<CancelResult> {
  await ledger.requestCancel(run.runId);
  const owned = { ledger, host, run, startedAt: Date.now() };
  const left = new LeftBehind();
  for (const chunk of await leftOf(ledger, run)) left.note(chunk, cause);
  return await atWork(owned, () => ended(owned, left));
}

/** Whether a run can be ended, or what an earlier end has left behind be taken up. */
export async function isCancellable(ledger: Ledger, run: RunRecord): Promise<boolean> {
  if (isContinuable(run)) return true;
  return run.kind === 'run' && run.status === 'cancelled' && (await leftOf(ledger, run)).length > 0;
}

/**
 * Where there is nothing to load, the sink is opened only if earlier loads may have set something aside in it, or the run
 * is to stand beside it.
 */
async function endUnopened(work: Work): Promise<CancelResult> {
  const { loaded, run, host } = work;
  const { sink: block, runs_table: runsTable } = loaded.pipeline;
  if (block['indexes'] !== 'defer' && runsTable === undefined)
    return await atWork(work, () => end(work, null, new LeftBehind()));
  await using resources = new AsyncDisposableStack();
  const sink = await orWarn(host, async () => {
    const columns = columnsOf(loaded.pipeline, run.schema.fields);
    return resources.use(await openSink(loaded, run.schema, columns, host));
  });
  const opened = sink === null ? work : { ...work, prepared: { sink } };
  return await atWork(opened, () => end(work, sink, new LeftBehind()));
}

/** Ends a run of which nothing more is brought home. */
async function end(work: Work, sink: OpenedSink | null, left: LeftBehind): Promise<CancelResult> {
  await orWarn(work.host, async () => sink?.restore?.());
  await tidyRun(work);
  return ended(work, left);
}

async function ended(owned: OwnedWork, left: LeftBehind): Promise<CancelResult> {
  const error = left.error(owned.run);
  const summary = await summarizeAt(owned, 'cancelled');
  return { status: 'cancelled', summary, error, exitCode: error === null ? 0 : 1 };
}

/** What loading has set aside in a target that is gone need not be put back. */
async function orWarn<T>({ signals, emit }: Host, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    signals.drain.throwIfAborted();
    if (!(error instanceof BatchlineError)) throw error;
    emit({
      type: 'Warned',
      message: `What loading had set aside in the target was not put back: ${error.message}`,
    });
    return null;
  }
}

/** The chunks of which something is still to be brought home: rows that may be paid for, or others that follow them. */
async function leftOf(ledger: Ledger, run: RunRecord): Promise<readonly ChunkRecord[]> {
  const out = (await ledger.chunks(run.runId)).filter(({ state }) => mayBePaid(state) && state !== 'held');
  return [...out, ...(await chunksToFollow(ledger, run, true))];
}
