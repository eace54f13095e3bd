import { randomBytes } from 'node:crypto';
import { BatchlineError } from '../core/errors.ts';
import { endedStatuses, type Ledger, type RunRecord } from '../ledger/ledger.ts';
import { differences, type Fingerprint } from './fingerprint.ts';

export interface RunChoice {
  /** The run to continue; null where a new one is to begin. */
  readonly resume: RunRecord | null;
}

export interface ChoiceOptions {
  readonly pipeline: string;
  readonly fingerprint: Fingerprint;
  readonly newRun: boolean;
  readonly fullRefresh: boolean;
  /** Whether rows that did not change are left out, so that another run of a finished pipeline buys nothing twice. */
  readonly skipsUnchanged: boolean;
}

/** Decides between continuing a run and beginning one (contract section 4). @throws BatchlineError where it must be neither */
export async function chooseRun(ledger: Ledger, options: ChoiceOptions): Promise<RunChoice> {
  const runs = (await ledger.runs(options.pipeline)).filter((run) => run.kind === 'run');
  if (options.newRun) return { resume: null };
  const unfinished = runs.find((run) => !endedStatuses.has(run.status));
  if (unfinished !== undefined) {
    if (unfinished.fingerprint === options.fingerprint.hash) return { resume: unfinished };
    if (await hasUploads(ledger, unfinished)) throw changed(unfinished, options.fingerprint);
    // Nothing of it ever left this machine, so there is nothing to finish and nothing to lose.
    await ledger.setStatus(unfinished.runId, 'cancelled', Date.now());
  }
  if (!options.skipsUnchanged && !options.fullRefresh) await refuseToBuyAgain(ledger, runs);
  return { resume: null };
}

/** Whether anything of a run has left this machine. */
export async function hasUploads(ledger: Ledger, run: RunRecord): Promise<boolean> {
  return (await ledger.chunks(run.runId)).some((chunk) => chunk.state !== 'sealed');
}

async function refuseToBuyAgain(ledger: Ledger, runs: readonly RunRecord[]): Promise<void> {
  const finished = runs.find((run) => run.status.startsWith('completed'));
  if (finished === undefined) return;
  const counts = await ledger.rowCounts(finished.runId);
  if (counts.requested === 0) return;
  throw new BatchlineError(
    'already_run',
    `Run ${finished.runId} has already bought ${counts.requested} rows of this pipeline, and its target does not keep request_hash, so a new run would buy them all again.`,
    {
      hint: 'Add a column request_hash text to the target, so that only changed rows are sent; or pass --new-run to send everything again.',
      exitCode: 4,
    },
  );
}

function changed(run: RunRecord, fingerprint: Fingerprint): BatchlineError {
  const lines = differences(run.fingerprintParts, fingerprint.parts).map((line) => `\n  ${line}`);
  return new BatchlineError(
    'pipeline_changed',
    `Run ${run.runId} is unfinished (${run.status}) and was started with other requests:${lines.join('')}`,
    {
      hint: 'Undo the edit to finish that run, or pass --new-run to leave it as it is and begin another.',
      exitCode: 2,
    },
  );
}

/** A name that sorts by time: `20261123-142501-1f3a9c`. */
export function newRunId(now: Date): string {
  const digits = now.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${digits}-${randomBytes(3).toString('hex')}`;
}
