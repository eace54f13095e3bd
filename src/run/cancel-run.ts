import type { LoadedPipeline } from '../config/load.ts';
import type { Ledger, RunRecord, RunStatus } from '../ledger/ledger.ts';
import { atWork, summarizeAt } from './at-work.ts';
import type { Host } from './components.ts';
import { executeSealed } from './execute.ts';
import { prepareDelivery } from './prepared.ts';
import { rehearse } from './rehearse.ts';
import type { RunSummary } from './summary.ts';

export interface Cancellation {
  readonly ledger: Ledger;
  readonly loaded: LoadedPipeline;
  readonly host: Host;
  /** Whether to wait until the provider has ended every batch. */
  readonly waits: boolean;
}

export interface CancelResult {
  readonly summary: RunSummary;
  /** 3 where batches are still being cancelled. */
  readonly exitCode: 0 | 3;
}

/**
 * Ends a run: nothing of it is sent any more, its batches are cancelled at the provider, and what they had answered by
 * then, which is paid for, is loaded. Rows without an answer stay as they are, not sent. The caller holds the run's lock.
 */
export async function cancelRun(cancellation: Cancellation, run: RunRecord): Promise<CancelResult> {
  const { ledger, loaded, host, waits } = cancellation;
  await ledger.requestCancel(run.runId);
  const startedAt = Date.now();
  const owned = { ledger, run, host, startedAt };
  const chunks = await ledger.chunks(run.runId);
  if (chunks.every(({ state }) => !atProvider.has(state))) {
    await ledger.setStatus(run.runId, 'cancelled', Date.now());
    return { summary: await summarizeAt(owned, 'cancelled'), exitCode: 0 };
  }
  await using prepared = await prepareDelivery(loaded, run.schema, host);
  await rehearse(prepared, host);
  const pass = { waits, sends: false, cancels: true, takesLost: false, breaks: false };
  const { status, summary } = await atWork(owned, async () => {
    await prepared.sink.prepare();
    await executeSealed({ ledger, run, loaded, prepared, host, pass });
    const isOver = (await ledger.chunks(run.runId)).every(({ state }) => !atProvider.has(state));
    const end: RunStatus = isOver ? 'cancelled' : 'waiting';
    return { status: end, summary: await summarizeAt(owned, end) };
  });
  return { summary, exitCode: status === 'cancelled' ? 0 : 3 };
}

/** States in which a chunk's rows may be paid for and are not loaded yet. */
const atProvider: ReadonlySet<string> = new Set(['creating', 'submitted', 'ended', 'downloaded']);
