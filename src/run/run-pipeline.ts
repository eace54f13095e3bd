import type { LoadedPipeline } from '../config/load.ts';
import type { Host } from '../core/host.ts';
import { wholePass } from '../job/job.ts';
import { openLedger } from '../ledger/open.ts';
import { checkSample } from '../read/sample-rules.ts';
import { carryOut } from './carry-out.ts';
import type { EndFlags, RunResult } from './finish-run.ts';
import { openChosenRun } from './open-run.ts';
import type { ChoiceFlags } from './own-run.ts';
import { noticing, sendNotices } from './notify/notices.ts';
import { workOn } from './work-on.ts';

export interface RunFlags extends ChoiceFlags, EndFlags {
  /** Whether to end while batches are under way, once everything that may leave has left. */
  readonly noWait?: boolean | undefined;
  /** Whether to go on when most answers fail with one code. */
  readonly noBreaker?: boolean | undefined;
}

/** Runs a pipeline from its source to its sink, or goes on with the run of it that is unfinished. */
export async function runPipeline(loaded: LoadedPipeline, flags: RunFlags, host: Host): Promise<RunResult> {
  return noticing({ loaded, host }, null, async () => {
    checkSample(loaded, flags);
    await using ledger = await openLedger(loaded.stateDir);
    await sendNotices({ ledger, loaded, host });
    const pass = { ...wholePass, waits: flags.noWait !== true, breaks: flags.noBreaker !== true };
    await using opened = await openChosenRun({ ledger, loaded, host }, flags, pass);
    return await workOn(opened.work, () => carryOut(opened, flags));
  });
}
