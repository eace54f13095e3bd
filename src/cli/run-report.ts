import type { LedgerReader } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';
import { costOf } from '../run/run-cost.ts';
import type { RunSummary } from '../run/summary.ts';
import { decisionText } from './decision-text.ts';
import { failureText } from './failure-text.ts';
import { leftText } from './left-text.ts';
import { summaryText, type SummaryDetails } from './summary-text.ts';

/** What a command says of a run: its numbers and, where rows of it failed, why, and what mends that. */
export async function runReport(
  ledger: LedgerReader,
  summary: RunSummary,
  stateDir: string,
  details: SummaryDetails = {},
): Promise<string> {
  const { run_id: runId } = summary;
  const decisions = await decisionText(ledger, runId);
  const why = await failureText(ledger, runId, stateDir);
  const left = await leftText(ledger, runId, stateDir);
  const cost = costOf(await ledger.chunks(runId));
  return [summaryText(summary, { ...details, cost }), decisions, why, left]
    .filter((text) => text !== '')
    .join('\n\n');
}

/** The same of several runs, for a command whose ledger is closed by then. */
export async function runReports(
  summaries: readonly RunSummary[],
  stateDir: string,
  details: SummaryDetails = {},
): Promise<string> {
  await using ledger = await openLedger(stateDir);
  const reports: string[] = [];
  for (const summary of summaries) reports.push(await runReport(ledger, summary, stateDir, details));
  return reports.join('\n\n');
}
