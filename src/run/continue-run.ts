import type { Pass } from '../job/job.ts';
import { endedStatuses, type RunRecord } from '../ledger/ledger.ts';
import { carryOut } from './carry-out.ts';
import type { EndFlags, RunResult } from './finish-run.ts';
import { openKnownRun, type Opening } from './open-run.ts';
import { workOn } from './work-on.ts';

export interface Continuation extends Opening {
  readonly pass: Pass;
  readonly flags: EndFlags;
}

/** Goes on with one run, by the flags that it was started with. The caller holds the run's lock. */
export async function continueRun(
  { pass, flags, ...opening }: Continuation,
  run: RunRecord,
): Promise<RunResult> {
  await using opened = await openKnownRun(opening, run, pass);
  return await workOn(opened.work, () => carryOut(opened, flags));
}

/** Whether a run is still to be worked on. */
export function isUnfinished(run: RunRecord): boolean {
  return run.kind === 'run' && !endedStatuses.has(run.status);
}
