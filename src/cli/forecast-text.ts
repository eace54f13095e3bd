import { forecastRun } from '../forecast/forecast-run.ts';
import { isEnded, type LedgerReader, type RunRecord } from '../ledger/ledger.ts';
import { latenessOf } from '../run/lateness.ts';
import { lateText } from './render/words.ts';
import { momentText, spanText } from './render/moments.ts';

/** When an unfinished run should be done, as `status --json` prints it; empty where nothing is known. */
export async function forecastJson(ledger: LedgerReader, run: RunRecord, now = Date.now()) {
  const late = await latenessOf(ledger, run, now);
  const expected = isEnded(run) ? null : await forecastRun(ledger, run.runId, now);
  return {
    ...(expected?.kind === 'in' && {
      forecast: { p50: rfc3339(now + expected.p50), p90: rfc3339(now + expected.p90) },
    }),
    ...(late !== null && { late: { of: late.of, due: rfc3339(late.due) } }),
  };
}

/** The same as lines for people; empty where nothing is known. */
export async function forecastText(
  ledger: LedgerReader,
  run: RunRecord,
  now = Date.now(),
): Promise<readonly string[]> {
  const late = await latenessOf(ledger, run, now);
  const expected = isEnded(run) ? null : await forecastRun(ledger, run.runId, now);
  const lines: string[] = [];
  if (expected?.kind === 'in')
    lines.push(
      `done by about ${momentText(now + expected.p50, now)} (at the latest about ${momentText(now + expected.p90, now)} in nine of ten cases)`,
    );
  if (expected?.kind === 'overdue')
    lines.push(
      `a batch is under way for longer than any known before, ${spanText(expected.longestMs)}; when it ends cannot be said`,
    );
  if (late !== null) lines.push(lateText(late));
  return lines;
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
