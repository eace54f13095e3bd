import type { CursorWindow } from '../core/read-window.ts';
import type { Cost } from '../ledger/cost.ts';
import type { RunSummary } from '../run/summary.ts';
import { costText } from './cost-text.ts';
import { windowText } from './render/words.ts';

export interface SummaryDetails {
  readonly window?: CursorWindow | undefined;
  /** When its process died or was stopped, in milliseconds since 1970. */
  readonly interruptedAt?: number | null;
  /** When it should be done, a line each. */
  readonly expected?: readonly string[];
  /** What its answers cost, part by part. */
  readonly cost?: Cost;
  /** What is to be said of the prices. */
  readonly remark?: string | null;
}

/** A run's numbers as a few lines in which they visibly add up. */
export function summaryText(summary: RunSummary, details: SummaryDetails = {}): string {
  const { window, interruptedAt = null, remark = null } = details;
  const since = interruptedAt === null ? '' : ` at ${new Date(interruptedAt).toISOString().slice(0, 19)}Z`;
  const { rows, batches, tokens, deadline } = summary;
  const lines = [
    `run      ${summary.run_id}  ${summary.pipeline}  ${summary.status.replaceAll('_', ' ')}${since}`,
    `rows     ${count(rows.read)} read = ${count(rows.filtered)} filtered + ${count(rows.skipped)} skipped + ${count(rows.requested)} requested`,
    `         ${count(rows.requested)} requested = ${count(rows.ok)} ok + ${count(rows.failed)} failed + ${count(rows.pending)} pending`,
    `batches  ${batchText(batches)}`,
    `tokens   ${count(tokens.input)} in (${count(tokens.cached)} cached), ${count(tokens.output)} out`,
    `cost     ${costText(summary.cost_usd, details.cost)}`,
    ...(remark === null ? [] : [`         ${remark}`]),
    `time     ${count(summary.seconds)} s`,
  ];
  if (deadline !== undefined) lines.push(`deadline ${deadline.at.slice(0, 19)}Z${metText(deadline)}`);
  for (const line of details.expected ?? []) lines.push(`         ${line}`);
  if (rows.truncated > 0) lines.splice(3, 0, `         ${count(rows.truncated)} cut off at the token limit`);
  if (rows.cleaned > 0)
    lines.splice(3, 0, `         ${count(rows.cleaned)} cleaned of characters that text cannot hold`);
  if (window !== undefined) lines.splice(1, 0, `window   ${windowText(window)}`);
  return lines.join('\n');
}

function metText({ met }: NonNullable<RunSummary['deadline']>): string {
  if (met === null) return '';
  return met ? ', met' : ', missed';
}

function batchText({ total, ...kinds }: RunSummary['batches']): string {
  const parts = Object.entries(kinds).filter(([, number]) => number > 0);
  return [count(total), ...parts.map(([kind, number]) => `${count(number)} ${kind}`)].join(', ');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
