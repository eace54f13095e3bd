import { diskFault } from '../files/disk.ts';
import { BatchlineError, defectHint, errorMessage } from '../core/errors.ts';
import { isEnded, type RunStatus } from '../ledger/ledger.ts';
import { hasUploads } from './choose-run.ts';
import type { Host } from '../core/host.ts';
import { writeFailedRows } from './failed-rows-file.ts';
import { endNotice, tellEnd } from './notify/notices.ts';
import { type Recorded, recordRun } from './record-run.ts';
import { stateGone } from './state-gone.ts';
import { summarize, type RunSummary } from './summary.ts';

/** A run that this process owns. */
export interface OwnedWork extends Recorded {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** Works on a run and notes in the ledger how it was left, whatever happens; `work` says so where nothing goes wrong. */
export async function atWork<T extends { readonly status: RunStatus }>(
  owned: OwnedWork,
  work: () => Promise<T>,
): Promise<T> {
  const { host } = owned;
  try {
    const done = await work();
    await leave(owned, done.status, null);
    return done;
  } catch (error) {
    const told = await afterStart(error, owned);
    // What went wrong first is what is told.
    await leave(owned, statusAfter(error, host), told).catch(() => {});
    throw told;
  }
}

function statusAfter(error: unknown, { signals }: Host): RunStatus {
  if (signals.drain.aborted) return 'interrupted';
  return error instanceof BatchlineError && error.exitCode === 4 ? 'refused' : 'failed';
}

/** Notes how a run is left; one that was cancelled stays so, whatever becomes of what is brought home of it later. */
async function leave(owned: OwnedWork, done: RunStatus, thrown: unknown): Promise<void> {
  const { ledger, run, host, startedAt } = owned;
  const status = run.status === 'cancelled' ? run.status : done;
  try {
    // Before the run counts as ended: one that is killed here is gone on with, and writes them then.
    await writeFailedRows(ledger, run);
  } catch (error) {
    // A full disk is no reason to forget how the run was left, but it has not ended.
    await ledger.setStatus(run.runId, isEnded({ status }) ? 'failed' : status, Date.now());
    throw error;
  }
  const summary = await summarizeAt(owned, status);
  await recordRun(owned, summary, thrown);
  await ledger.addWorkedMs(run.runId, Date.now() - startedAt);
  await ledger.setStatus(run.runId, status, Date.now(), endNotice(owned.loaded, summary, thrown));
  host.emit({ type: 'RunEnded', runId: run.runId, status });
  if (owned.loaded !== undefined) await tellEnd({ ledger, loaded: owned.loaded, host }, run.runId);
}

/** The run in numbers, as it will stand in the ledger once the work on it is over. */
export async function summarizeAt(
  { ledger, run, startedAt }: OwnedWork,
  status: RunStatus,
): Promise<RunSummary> {
  const summary = await summarize(ledger, run, status);
  const seconds = Math.round((run.workedMs + Date.now() - startedAt) / 100) / 10;
  return { ...summary, seconds };
}

/** Where the same command alone would end the same way. */
const saysHowToGoOn: ReadonlySet<string> = new Set([
  'breaker',
  'create_in_doubt',
  'disk_full',
  'unreadable_results',
]);

/** From here on an error leaves a run behind that the same command continues; say so, and end with 1 once money may be spent. */
async function afterStart(thrown: unknown, { ledger, run, host }: OwnedWork): Promise<unknown> {
  const error = diskFault(thrown, run.folder) ?? thrown;
  const gone = await stateGone(error, ledger, run);
  if (gone !== null) return gone;
  const goOn = `Type the same command again to go on with run ${run.runId}.`;
  if (host.signals.drain.aborted) {
    const message = `Run ${run.runId} was interrupted; nothing is lost.`;
    return new BatchlineError('interrupted', message, { hint: goOn, exitCode: 130, cause: error });
  }
  if (!(await hasUploads(ledger, run))) return error;
  if (!(error instanceof BatchlineError)) {
    const hint = `${defectHint}. ${goOn}`;
    return new BatchlineError('defect', errorMessage(error), { hint, exitCode: 1, cause: error });
  }
  const { code, message, where, hint, exitCode = 1 } = error;
  return new BatchlineError(code, message, {
    where,
    hint: saysHowToGoOn.has(code) ? hint : [hint, goOn].join(' ').trim(),
    // What counts is when it happened: a component does not know what was sent before.
    exitCode: exitCode === 2 ? 1 : exitCode,
    cause: error,
  });
}
