import type { LoadedPipeline } from '../config/load.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { Ledger, RunRecord, RunStatus } from '../ledger/ledger.ts';
import { atWork, summarizeAt, type OwnedWork } from './at-work.ts';
import type { Host } from '../core/host.ts';
import { columnsOf, openSink } from '../job/open-parts.ts';
import { executeSealed, tidyAll } from './execute.ts';
import { chunksToFollow } from '../load/followers/follow-leaders.ts';
import { prepareDelivery } from '../job/parts.ts';
import { rehearse } from './rehearse.ts';
import { tellingSetAside } from '../load/set-aside.ts';
import type { RunSummary } from './summary.ts';
import { tellingHost } from './telling-host.ts';

export interface Cancellation {
  readonly ledger: Ledger;
  readonly loaded: LoadedPipeline;
  readonly host: Host;
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
export async function cancelRun(cancellation: Cancellation, run: RunRecord): Promise<CancelResult> {
  const { ledger, loaded, waits } = cancellation;
  const host = tellingHost(cancellation.host, ledger, loaded.redactor, run.runId);
  await ledger.requestCancel(run.runId);
  const startedAt = Date.now();
  const owned = { ledger, run, loaded, host, startedAt };
  if (await isOver(ledger, run)) return await atWork(owned, () => endUnopened(owned));
  await using prepared = await prepareDelivery(loaded, run.schema, host);
  await rehearse(prepared, host);
  const pass = { waits, sends: false, cancels: true, takesLost: false, breaks: false };
  const { sink } = prepared;
  const work = async (): Promise<CancelResult> => {
    await sink.prepare();
    await executeSealed({ ledger, run, loaded, prepared, host, pass });
    if (await isOver(ledger, run)) return end(owned, sink);
    return { status: 'waiting', summary: await summarizeAt(owned, 'waiting'), exitCode: 3 };
  };
  return await tellingSetAside(sink, host, () => atWork(owned, work));
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
  await tidyAll(work);
  return { status: 'cancelled', summary: await summarizeAt(work, 'cancelled'), exitCode: 0 };
}

async function isOver(ledger: Ledger, run: RunRecord): Promise<boolean> {
  const isHome = (await ledger.chunks(run.runId)).every(({ state }) => !atProvider.has(state));
  return isHome && (await chunksToFollow(ledger, run)).length === 0;
}

/** States in which a chunk's rows may be paid for and are not loaded yet. */
const atProvider: ReadonlySet<string> = new Set(['creating', 'submitted', 'ended', 'downloaded']);
