import { BatchlineError, errorCode } from '../core/errors.ts';
import { exists } from '../files/exists.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';
import { hasUploads } from './choose-run.ts';

/** What is true where the state of a run went while it was at work; null where it is there and the error is another. */
export async function stateGone(
  error: unknown,
  ledger: Ledger,
  run: RunRecord,
): Promise<BatchlineError | null> {
  if (errorCode(error) === 'state_gone' || !(await isThere(ledger))) return ledgerGone(error, ledger, run);
  return (await exists(run.folder)) ? null : runFolderGone(run, error);
}

async function isThere(ledger: Ledger): Promise<boolean> {
  return ledger.requireThere().then(
    () => true,
    () => false,
  );
}

/** The run is known to nobody any more; what it has sent is still at the provider. */
async function ledgerGone(cause: unknown, ledger: Ledger, run: RunRecord): Promise<BatchlineError> {
  const wasSent = await hasUploads(ledger, run).catch(() => true);
  const message = `The state folder of run ${run.runId} was deleted or replaced while the run was at work.`;
  const hint = wasSent
    ? `What was loaded is in the target. What was sent is at the provider and paid for, but not known here any more: \`pipeline recover ${run.path}\` brings it home.`
    : 'Nothing was sent; type the command again.';
  return new BatchlineError('state_gone', message, {
    where: run.folder,
    hint,
    exitCode: wasSent ? 1 : 2,
    cause,
  });
}

/** The run is known, but nobody can tell any more which rows were sent, nor send the others. */
export function runFolderGone({ runId, folder, path }: RunRecord, cause?: unknown): BatchlineError {
  return new BatchlineError(
    'run_folder_gone',
    `The files of run ${runId} were deleted while the run was at work.`,
    {
      where: folder,
      hint: `What was loaded is in the target. Put the folder back from a copy and type the command again; or \`pipeline cancel ${runId}\` ends the run, and \`pipeline run ${path}\` then sends again what is not in the target.`,
      exitCode: 1,
      cause,
    },
  );
}
