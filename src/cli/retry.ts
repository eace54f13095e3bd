import { BatchlineError } from '../core/errors.ts';
import type { MaxFailedRows } from '../config/failed-rows.ts';
import { own } from '../run/run-lock.ts';
import { wholePass } from '../job/job.ts';
import { retryRun } from '../run/retry-run.ts';
import type { Main } from './context.ts';
import { noteKnownRun } from './failed-run.ts';
import { findRuns, sayWhich } from './find-run.ts';
import { loadForRun, withDraining } from './pipeline-command.ts';
import { runReport } from './run-report.ts';

/** `pipeline retry RUN`: reopens a run's failed rows. */
export const main: Main = async ([what], options, context) => {
  await using found = await findRuns(what, options, context);
  const [run] = found.runs;
  if (run === undefined) throw noRun(what);
  sayWhich(run, what, { options, context });
  noteKnownRun(context, { runId: run.runId, stateDir: found.stateDir });
  const loaded = await loadForRun(run, options, context);
  const { ledger } = found;
  const pass = {
    ...wholePass,
    waits: options['wait'] !== false,
    takesLost: options['lost'] === true,
    breaks: options['breaker'] !== false,
  };
  const flags = { maxFailedRows: options['maxFailedRows'] as MaxFailedRows | undefined };
  const code = options['by'] as string | undefined;
  const { summary, exitCode } = await withDraining(options, context, async (host) => {
    await using owned = await own(ledger, run);
    return await retryRun({ ledger, loaded, host, pass, flags, code }, owned.run);
  });
  if (options['json'] === true) context.print(JSON.stringify(summary));
  else if (options['quiet'] !== true) context.print(`\n${await runReport(ledger, summary, found.stateDir)}`);
  return exitCode;
};

function noRun(what = 'any pipeline'): BatchlineError {
  return new BatchlineError('no_runs', `There is no run of ${what} here.`, {
    hint: 'Run the pipeline first: pipeline run FILE.',
    exitCode: 2,
  });
}
