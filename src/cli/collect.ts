import type { BatchlineError } from '../core/errors.ts';
import { wholePass } from '../job/job.ts';
import { continueRun, isContinuable } from '../run/continue-run.ts';
import { own } from '../run/run-lock.ts';
import { cancelRun } from '../run/cancel-run.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import { sendNotices } from '../run/notify/notices.ts';
import type { RunSummary } from '../run/summary.ts';
import type { CommandContext, Main } from './context.ts';
import { failedSummary, noteRun, summaryJson } from './failed-run.ts';
import { findRuns, type FoundRuns } from './find-run.ts';
import { loadForRun, withDraining } from './pipeline-command.ts';
import { reportError } from './report-error.ts';
import { runReport } from './run-report.ts';

interface Collected {
  readonly summary: RunSummary;
  readonly exitCode: number;
  /** What a run that was cancelled has left behind. */
  readonly error: BatchlineError | null;
}

/** `pipeline collect [RUN or FILE]`: one pass over unfinished runs, for cron. */
export const main: Main = async ([what], options, context) => {
  await using found = await findRuns(what, options, context);
  const summaries: RunSummary[] = [];
  const printed: object[] = [];
  const codes: number[] = [];
  for (const run of found.runs.filter(isContinuable)) {
    if (context.signals.drain.aborted) break;
    try {
      const { summary, exitCode, error } = await collect(found, run, options, context);
      summaries.push(summary);
      printed.push(summaryJson(summary, error));
      codes.push(error === null ? exitCode : reportError(error, context, options));
    } catch (error) {
      // One run's trouble keeps no other from being collected.
      noteRun(error, { runId: run.runId, stateDir: found.stateDir });
      printed.push(await failedSummary(error, context));
      codes.push(reportError(error, context, options));
    }
  }
  await sendOwed(found, options, context);
  if (options['json'] === true) context.print(JSON.stringify(printed));
  else if (options['quiet'] !== true) await report(found, summaries, codes, context);
  return worst(codes);
};

async function collect(
  found: FoundRuns,
  run: RunRecord,
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<Collected> {
  const loaded = await loadForRun(run, options, context);
  const { ledger } = found;
  return withDraining(options, context, async (host) => {
    await using owned = await own(ledger, run);
    const pass = { ...wholePass, waits: false, breaks: options['breaker'] !== false };
    if (owned.run.cancelRequested)
      return await cancelRun({ ledger, loaded, host, waits: false, isTriedAgain: true }, owned.run);
    return { ...(await continueRun({ ledger, loaded, host, pass, flags: {} }, owned.run)), error: null };
  });
}

/** Tells what a process that was killed has left to be told of runs that had ended. */
async function sendOwed(
  { ledger, runs }: FoundRuns,
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<void> {
  for (const [pipeline, [run]] of Map.groupBy(runs, (each) => each.pipeline)) {
    if (run === undefined || (await ledger.notices.due(pipeline)).length === 0) continue;
    const loaded = await loadForRun(run, options, context);
    await withDraining(options, context, (host) => sendNotices({ ledger, loaded, host }));
  }
}

async function report(
  { ledger, stateDir }: FoundRuns,
  summaries: readonly RunSummary[],
  codes: readonly number[],
  context: CommandContext,
): Promise<void> {
  if (codes.length === 0) context.print('Nothing is unfinished.');
  const reports: string[] = [];
  for (const summary of summaries) reports.push(await runReport(ledger, summary, stateDir));
  if (reports.length > 0) context.print(reports.join('\n\n'));
}

/** An error weighs more than what is merely unfinished. */
function worst(codes: readonly number[]): number {
  return codes.find((code) => code !== 0 && code !== 3) ?? codes.find((code) => code === 3) ?? 0;
}
