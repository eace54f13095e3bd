import { deadlineAt } from '../../core/deadline.ts';
import type { Host } from '../../core/host.ts';
import type { Collection } from '../../job/job.ts';
import { paceLimits } from '../direct/open-asking.ts';
import { AutoWays } from './auto-ways.ts';
import { oneWay, type Ways } from './ways.ts';

/**
 * Which way the requests of a run go from now on. Its deadline is reckoned from its start, whenever it goes on, so that
 * another one in the file holds at once.
 */
export async function openWays(
  { ledger, run, loaded, prepared, pass }: Collection,
  fail: (reason: unknown) => void,
  { emit }: Host,
): Promise<Ways> {
  // Whoever only brings home what is under way decides nothing.
  if (!pass.sends || pass.cancels) return oneWay('batch');
  const { mode, auto, schedule, request } = loaded.pipeline;
  const { deadline } = auto;
  const at =
    mode === 'auto' && deadline !== undefined ? deadlineAt(deadline, run.startedAt, schedule.timezone) : null;
  if (at !== run.deadlineAt) await ledger.auto.noteDeadline(run.runId, at);
  if (mode !== 'auto') return oneWay(mode);
  const now = (await ledger.run(run.runId)) ?? run;
  // A run that had ended once and sends rows again has no time to keep.
  const isSettled = now.deadlineMet !== null;
  return AutoWays.open({
    ledger,
    run: isSettled ? { ...now, deadlineAt: null, cutOverAt: null } : now,
    model: request.model,
    standardBelow: auto.standard_below,
    outputCeiling: prepared.requestLines.outputCeiling,
    limits: paceLimits(loaded),
    emit,
    fail,
  });
}
