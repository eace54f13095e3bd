import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError } from '../core/errors.ts';
import { Redactor } from '../core/redact.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';
import { isContinuable } from '../run/continue-run.ts';
import { cancelRun, cancelWithoutFile, isCancellable } from '../run/cancel-run.ts';
import { own } from '../run/run-lock.ts';
import type { RunSummary } from '../run/summary.ts';
import { tellingHost } from '../run/telling-host.ts';
import type { CommandContext, Main } from './context.ts';
import { failureText } from './failure-text.ts';
import { noteKnownRun, summaryJson } from './failed-run.ts';
import { findRuns, type FoundRuns } from './find-run.ts';
import { loadForRun, withDraining } from './pipeline-command.ts';
import { reportError } from './report-error.ts';

/** `pipeline cancel RUN`: ends a run and loads what it has paid for. */
export const main: Main = async ([what = ''], options, context) => {
  await using found = await findRuns(what, options, context);
  const run = await runToCancel(found);
  if (run === undefined) throw nothingToCancel(what);
  noteKnownRun(context, { runId: run.runId, stateDir: found.stateDir });
  const loaded = await loadedOrNone(run, options, context);
  const { ledger } = found;
  const { summary, exitCode, error } = await withDraining(options, context, async (host) => {
    await using owned = await own(ledger, run);
    if (loaded instanceof BatchlineError) {
      const told = tellingHost(host, ledger, new Redactor(), run.runId);
      return await cancelWithoutFile({ ledger, host: told, cause: loaded }, owned.run);
    }
    const waits = options['wait'] !== false;
    return await cancelRun({ ledger, loaded, host, waits, isTriedAgain: false }, owned.run);
  });
  if (options['json'] === true) context.print(JSON.stringify(summaryJson(summary, error)));
  else if (options['quiet'] !== true) await report(found, summary, exitCode, context);
  return error === null ? exitCode : reportError(error, context, options);
};

/** An unfinished run before one that was ended and has left something behind. */
async function runToCancel({ ledger, runs }: FoundRuns): Promise<RunRecord | undefined> {
  return runs.find(isContinuable) ?? (await firstCancellable(ledger, runs));
}

async function firstCancellable(ledger: Ledger, runs: readonly RunRecord[]): Promise<RunRecord | undefined> {
  for (const run of runs) if (await isCancellable(ledger, run)) return run;
  return undefined;
}

/** @returns why the file cannot be read, where it cannot: a run is to be ended all the same */
async function loadedOrNone(
  run: RunRecord,
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<LoadedPipeline | BatchlineError> {
  try {
    return await loadForRun(run, options, context);
  } catch (error) {
    if (error instanceof BatchlineError && error.code === 'unreadable_pipeline') return error;
    throw error;
  }
}

async function report(
  { ledger, stateDir }: FoundRuns,
  summary: RunSummary,
  exitCode: number,
  context: CommandContext,
): Promise<void> {
  const { run_id: run, rows, tokens } = summary;
  context.print(
    exitCode === 3
      ? `Run ${run} is still being cancelled; \`pipeline cancel ${run}\` or \`pipeline collect\` goes on.`
      : `Run ${run} is cancelled.`,
  );
  context.print(
    `${number(rows.ok + rows.failed)} rows were answered (${number(rows.ok)} loaded, ${number(rows.failed)} failed), ${number(rows.pending)} were not.`,
  );
  context.print(`Paid for: ${number(tokens.input)} tokens in, ${number(tokens.output)} out.`);
  const why = await failureText(ledger, run, stateDir);
  if (why !== '') context.print(`\n${why}`);
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
