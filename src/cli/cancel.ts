import { BatchlineError } from '../core/errors.ts';
import { isContinuable } from '../run/continue-run.ts';
import { cancelRun } from '../run/cancel-run.ts';
import { own } from '../run/run-lock.ts';
import type { RunSummary } from '../run/summary.ts';
import type { CommandContext, Main } from './context.ts';
import { noteKnownRun } from './failed-run.ts';
import { findRuns } from './find-run.ts';
import { loadFor, withDraining } from './pipeline-command.ts';

/** `pipeline cancel RUN`: ends a run and loads what it has paid for. */
export const main: Main = async ([what = ''], options, context) => {
  await using found = await findRuns(what, options, context);
  const run = found.runs.find(isContinuable);
  if (run === undefined) throw nothingToCancel(what);
  noteKnownRun(context, { runId: run.runId, stateDir: found.stateDir });
  const loaded = await loadFor(run.path, options, context);
  const { ledger } = found;
  const { summary, exitCode } = await withDraining(options, context, async (host) => {
    await using owned = await own(ledger, run);
    return await cancelRun({ ledger, loaded, host, waits: options['wait'] !== false }, owned.run);
  });
  if (options['json'] === true) context.print(JSON.stringify(summary));
  else if (options['quiet'] !== true) report(summary, exitCode, context);
  return exitCode;
};

function report({ run_id: run, rows, tokens }: RunSummary, exitCode: number, context: CommandContext): void {
  context.print(
    exitCode === 3
      ? `Run ${run} is still being cancelled; \`pipeline cancel ${run}\` or \`pipeline collect\` goes on.`
      : `Run ${run} is cancelled.`,
  );
  context.print(
    `${number(rows.ok + rows.failed)} rows were answered (${number(rows.ok)} loaded, ${number(rows.failed)} failed), ${number(rows.pending)} were not.`,
  );
  context.print(`Paid for: ${number(tokens.input)} tokens in, ${number(tokens.output)} out.`);
}

function nothingToCancel(what: string): BatchlineError {
  return new BatchlineError('run_has_ended', `There is nothing to cancel: no run of ${what} is unfinished.`, {
    hint: '`pipeline status` lists the runs.',
    exitCode: 2,
  });
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
