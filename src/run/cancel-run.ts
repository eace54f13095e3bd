import type { LoadedPipeline } from '../config/load.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { Ledger, RunRecord, RunStatus } from '../ledger/ledger.ts';
import { atWork, summarizeAt, type OwnedWork } from './at-work.ts';
import { openSink } from '../job/open-parts.ts';
import { columnsOf } from '../job/result-columns.ts';
import { executeSealed } from './execute.ts';
import { tidyRun } from './tidy-run.ts';
import { chunksToFollow } from '../load/followers/follow-leaders.ts';
import { openToEnd, telling, type Opening } from './open-run.ts';
import type { RunSummary } from './summary.ts';
import { workOn } from './work-on.ts';

export interface Cancellation extends Opening {
  /** Whether to wait until the provider has ended every batch. */
  readonly waits: boolean;
}

export interface CancelResult {
  readonly status: Extract<RunStatus, 'cancelled' | 'waiting'>;
  readonly summary: RunSummary;
  /** 3 where batches are still being cancelled. */
  readonly exitCode: 0 | 3;
}

interface Work extends OwnedWork {
  readonly loaded: LoadedPipeline;
}

/**
 * Ends a run: nothing of it is sent any more, its batches are cancelled at the provider, and what they had answered by
 * then, which is paid for, is loaded. Rows without an answer stay as they are, not sent. The caller holds the run's lock.
 */
export async function cancelRun({ waits, ...given }: Cancellation, run: RunRecord): Promise<CancelResult> {
  const opening = telling(given, run.runId);
  const { ledger } = opening;
  await ledger.requestCancel(run.runId);
  const owned = { ...opening, run, startedAt: Date.now() };
  if (await isOver(ledger, run)) return await atWork(owned, () => endUnopened(owned));
  const pass = { waits, sends: false, cancels: true, takesLost: false, breaks: false };
  await using opened = await openToEnd(opening, run, pass);
  const { work } = opened;
  return await workOn(work, async () => {
    await executeSealed(work);
    if (await isOver(ledger, run)) return end(work, work.prepared.sink);
    return { status: 'waiting', summary: await summarizeAt(work, 'waiting'), exitCode: 3 };
  });
}

/** Where there is nothing to load, the sink is opened only if earlier loads may have set something aside in it. */
async function endUnopened(work: Work): Promise<CancelResult> {
  const { loaded, run, host } = work;
  if (loaded.pipeline.sink['indexes'] !== 'defer') return end(work, null);
  const columns = columnsOf(loaded.pipeline, run.schema.fields);
  await using sink = await openSink(loaded, run.schema, columns, host);
  return await end(work, sink);
}

/** Ends a run of which nothing is to be brought home any more. */
async function end(work: Work, sink: OpenedSink | null): Promise<CancelResult> {
  await sink?.restore?.();
  await tidyRun(work);
  return { status: 'cancelled', summary: await summarizeAt(work, 'cancelled'), exitCode: 0 };
}

async function isOver(ledger: Ledger, run: RunRecord): Promise<boolean> {
  const isHome = (await ledger.chunks(run.runId)).every(({ state }) => !atProvider.has(state));
  return isHome && (await chunksToFollow(ledger, run, true)).length === 0;
}

/** States in which a chunk's rows may be paid for and are not loaded yet. */
const atProvider: ReadonlySet<string> = new Set(['creating', 'submitted', 'ended', 'downloaded']);
