import type { Pass } from '../job/job.ts';
import { isEnded, type RunRecord } from '../ledger/ledger.ts';
import { carryOut } from './carry-out.ts';
import type { EndFlags, RunResult } from './finish-run.ts';
import { noticing } from './notify/notices.ts';
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
  return noticing(opening, run, async () => {
    await using opened = await openKnownRun(opening, run, pass);
    return await workOn(opened.work, () => carryOut(opened, flags));
  });
}

/** Whether this is a run, and no build, that can be gone on with. */
export function isContinuable(run: RunRecord): boolean {
  return run.kind === 'run' && !isEnded(run);
}
