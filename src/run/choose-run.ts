import { BatchlineError } from '../core/errors.ts';
import { isEnded, type Ledger, type RunRecord } from '../ledger/ledger.ts';
import { differences, howToUndo, type Fingerprint } from '../job/fingerprint.ts';
import { heldChunks } from '../load/held-results.ts';
import { ownedError, ownerLock } from './run-lock.ts';

export interface ChoiceOptions {
  readonly pipeline: string;
  readonly fingerprint: Fingerprint;
  readonly newRun: boolean;
  readonly fullRefresh: boolean;
  /** Whether rows that did not change are left out, so that another run of a finished pipeline buys nothing twice. */
  readonly skipsUnchanged: boolean;
  /** Whether the target could keep request_hash if it had the column, as a table can and a file cannot. */
  readonly isTable: boolean;
}

/**
 * Decides between continuing a run and beginning one (contract section 4): the newest unfinished run of the same
 * requests goes on. One of other requests stands in the way only while no newer run was begun beside it, by --new-run,
 * which has left it as it is.
 *
 * @returns the run to go on with; null where a new one is to begin
 * @throws BatchlineError where it must be neither
 */
export async function chooseRun(ledger: Ledger, options: ChoiceOptions): Promise<RunRecord | null> {
  const runs = (await ledger.runs(options.pipeline)).filter((run) => run.kind === 'run');
  if (options.newRun) return null;
  const newest = runs.slice(0, 1).find((run) => !isEnded(run));
  if (newest?.cancelRequested === true) throw cancellingError(newest);
  const same = await newestSame(ledger, runs, options);
  if (same !== undefined) return same;
  if (newest !== undefined) await giveUp(ledger, newest, options.fingerprint);
  if (!options.skipsUnchanged && !options.fullRefresh) await refuseToBuyAgain(ledger, runs, options.isTable);
  return null;
}

/** A run that waits for a person to say what becomes of rows that are held was left as it is by a newer one. */
async function newestSame(
  ledger: Ledger,
  runs: readonly RunRecord[],
  options: ChoiceOptions,
): Promise<RunRecord | undefined> {
  for (const [age, run] of runs.entries()) {
    if (isEnded(run) || !isSame(run, options)) continue;
    if (age === 0 || (await heldChunks(ledger, run)).length === 0) return run;
  }
  return undefined;
}

function isSame({ fingerprint, cancelRequested }: RunRecord, options: ChoiceOptions): boolean {
  return fingerprint === options.fingerprint.hash && !cancelRequested;
}

/** Ends a run of other requests of which nothing ever left this machine: there is nothing to finish or to lose. */
async function giveUp(ledger: Ledger, run: RunRecord, fingerprint: Fingerprint): Promise<void> {
  await using lock = await ownerLock(run);
  if (lock === null) throw ownedError(`Another process is working on run ${run.runId}.`);
  if (await hasUploads(ledger, run)) throw changedError(run, fingerprint);
  await ledger.setStatus(run.runId, 'cancelled', Date.now());
}

/** Whether anything of a run has left this machine. */
export async function hasUploads(ledger: Ledger, run: RunRecord): Promise<boolean> {
  return (await ledger.chunks(run.runId)).some((chunk) => chunk.state !== 'sealed');
}

async function refuseToBuyAgain(ledger: Ledger, runs: readonly RunRecord[], isTable: boolean): Promise<void> {
  const bought = await lastPurchase(ledger, runs);
  if (bought === null) return;
  throw new BatchlineError(
    'already_run',
    `Run ${bought.runId} has already bought ${bought.rows} rows of this pipeline, and ${isTable ? 'its target does' : 'files do'} not keep request_hash, so a new run would buy them all again.`,
    {
      hint: isTable
        ? 'Add a column request_hash text to the target, so that only changed rows are sent; or pass --new-run to send everything again.'
        : 'Pass --new-run to send everything again. Where the target is a table with a column request_hash, only changed rows are sent.',
      exitCode: 4,
    },
  );
}

/** The newest ended run that has paid for rows; a cancelled one may have ended before it paid for any. */
async function lastPurchase(ledger: Ledger, runs: readonly RunRecord[]) {
  for (const { runId, status } of runs.filter(isEnded)) {
    const { requested, ok, failed } = await ledger.rowCounts(runId);
    const rows = status === 'cancelled' ? ok + failed : requested;
    if (rows > 0) return { runId, rows };
  }
  return null;
}

function cancellingError({ runId }: RunRecord): BatchlineError {
  return new BatchlineError('run_is_cancelling', `Run ${runId} is being cancelled.`, {
    hint: `\`pipeline cancel ${runId}\` waits for its end; --new-run begins another run beside it.`,
    exitCode: 4,
  });
}

export function changedError(run: RunRecord, fingerprint: Fingerprint): BatchlineError {
  const lines = differences(run.fingerprintParts, fingerprint.parts).map((line) => `\n  ${line}`);
  return new BatchlineError(
    'pipeline_changed',
    `Run ${run.runId} is unfinished (${run.status}) and was started with other requests:${lines.join('')}`,
    {
      hint: `${howToUndo(run.fingerprintParts, fingerprint.parts)} to finish that run, end it with \`pipeline cancel ${run.runId}\` (what it has paid for is loaded), or pass --new-run to leave it as it is and begin another.`,
      exitCode: 2,
    },
  );
}
