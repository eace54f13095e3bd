import { seeRun, type SeenRun } from '../run/seen-run.ts';
import { isContinuable } from '../run/continue-run.ts';
import { decisionsOf } from '../run/decisions.ts';
import { summarize } from '../run/summary.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import type { Main } from './context.ts';
import { forecastJson, forecastText } from './forecast-text.ts';
import { findRuns, sayWhich, type SeenRuns } from './find-run.ts';
import { runReport } from './run-report.ts';
import { watchRun } from './watch-run.ts';

/** `pipeline status [RUN or FILE]`: runs, batches and row counts from the ledger alone. */
export const main: Main = async ([what], options, context) => {
  await using found: SeenRuns = await findRuns(what, options, context);
  const { ledger } = found;
  if (options['json'] === true) {
    const runs = what === undefined ? found.runs : found.runs.slice(0, 1);
    const seen = await Promise.all(runs.map(async (run) => toJson(ledger, await seeRun(ledger, run))));
    context.print(JSON.stringify(what === undefined ? seen : (seen[0] ?? null)));
    return 0;
  }
  const [latest, ...earlier] = found.runs;
  if (latest === undefined) context.print('There are no runs yet.');
  else {
    sayWhich(latest, what, { options, context });
    if (options['watch'] === true) await watchRun(ledger, latest.runId, context);
    const { run, interruptedAt } = await seeRun(ledger, (await ledger.run(latest.runId)) ?? latest);
    const { window } = run.selection;
    const details = { window, interruptedAt, expected: await forecastText(ledger, run) };
    context.print(await runReport(ledger, await summarize(ledger, run), found.stateDir, details));
    const unfinished = earlier.filter(isContinuable);
    if (unfinished.length > 0) context.print(await unfinishedText(ledger, unfinished));
  }
  return 0;
};

async function toJson(ledger: LedgerReader, { run, interruptedAt }: SeenRun) {
  const decisions = await decisionsOf(ledger, run.runId);
  return {
    ...(await summarize(ledger, run)),
    ...(await forecastJson(ledger, run)),
    ...(decisions.length > 0 && { decisions }),
    ...(interruptedAt !== null && { interrupted_at: new Date(interruptedAt).toISOString() }),
  };
}

/** A run that was left beside a newer one is not to be forgotten. */
async function unfinishedText(ledger: LedgerReader, runs: SeenRuns['runs']): Promise<string> {
  const lines = ['', 'also unfinished:'];
  for (const one of runs) {
    const { run } = await seeRun(ledger, one);
    lines.push(`  ${run.runId}  ${run.pipeline}  ${run.status}`);
  }
  return lines.join('\n');
}
