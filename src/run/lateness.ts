import { fewestPast, type Forecast } from '../forecast/forecast.ts';
import { forecastRun } from '../forecast/forecast-run.ts';
import type { EventListener } from '../core/events.ts';
import type { Lateness } from '../ledger/forecast-ledger.ts';
import { isEnded, type Ledger, type LedgerReader, type RunRecord } from '../ledger/ledger.ts';

/** So many past batches must be known before a run without a deadline may be called late. */
const fewestForLate = 4 * fewestPast;
/** How many times the p90 of the forecast. */
const patience = 2;

/** Whether a run is late, or was when it ended; what was noted stands. From the ledger alone. */
export async function latenessOf(
  ledger: LedgerReader,
  run: RunRecord,
  now: number,
): Promise<Lateness | null> {
  const noted = await ledger.forecast.lateness(run.runId);
  // What is done again once a run has ended is not measured.
  if (noted !== null || isEnded(run) || run.deadlineMet !== null) return noted;
  const { deadlineAt } = run;
  const due = deadlineAt ?? (await ledger.forecast.lateFrom(run.runId));
  if (due === null || now <= due) return null;
  return { of: deadlineAt === null ? 'forecast' : 'deadline', due, at: now };
}

/** Looks whether a run has become late, and tells so once; noted first, so that it is never told twice. */
export async function noteLateness(
  ledger: Ledger,
  runId: string,
  emit: EventListener,
  now = Date.now(),
): Promise<void> {
  const run = await ledger.run(runId);
  if (run === null || (await ledger.forecast.lateness(runId)) !== null) return;
  if (run.deadlineAt === null) await settleLateFrom(ledger, runId, now);
  const late = await latenessOf(ledger, run, now);
  if (late === null || !(await ledger.forecast.noteLate(runId, late))) return;
  emit({ type: 'BecameLate', of: late.of, due: late.due });
}

/** Settled by the forecast that is first made when the last batch was submitted. */
async function settleLateFrom(ledger: Ledger, runId: string, now: number): Promise<void> {
  if ((await ledger.forecast.lateFrom(runId)) !== null) return;
  const awaited = await ledger.forecast.awaited(runId);
  if (awaited === null || !awaited.isRead || awaited.batches.some(({ createdAt }) => createdAt === null))
    return;
  const past = await ledger.forecast.past(awaited.provider, awaited.model);
  if (past.length < fewestForLate) return;
  const expected: Forecast | null = await forecastRun(ledger, runId, now);
  if (expected?.kind === 'in') await ledger.forecast.noteLateFrom(runId, now + patience * expected.p90);
}
