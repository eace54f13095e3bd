import type { LoadedPipeline } from '../config/load.ts';
import { openLedger } from '../ledger/open.ts';
import type { Host } from '../core/host.ts';
import { requireWholeSource } from '../job/open-parts.ts';
import { execute } from './execute.ts';
import { wholePass } from '../job/job.ts';
import { finishRun, type EndFlags, type RunResult } from './finish-run.ts';
import type { RequestFlags } from '../job/fingerprint.ts';
import { ownRun } from './own-run.ts';
import { preparePipeline } from '../job/parts.ts';
import { rehearse } from './rehearse.ts';
import { tellingHost } from './telling-host.ts';
import { checkSample } from '../read/sample-rules.ts';

export interface RunFlags extends RequestFlags, EndFlags {
  readonly newRun?: boolean | undefined;
  /** Whether to end while batches are under way, once everything that may leave has left. */
  readonly noWait?: boolean | undefined;
  /** Whether to go on when most answers fail with one code. */
  readonly noBreaker?: boolean | undefined;
}

/** Runs a pipeline from its source to its sink, or goes on with the run of it that is unfinished. */
export async function runPipeline(loaded: LoadedPipeline, flags: RunFlags, outer: Host): Promise<RunResult> {
  checkSample(loaded, flags);
  const startedAt = Date.now();
  await using ledger = await openLedger(loaded.stateDir);
  const host = tellingHost(outer, ledger, loaded.redactor);
  await using prepared = await preparePipeline(loaded, host, { where: flags.where });
  requireWholeSource(loaded, prepared.sink, flags);
  await rehearse(prepared, host);
  await using owned = await ownRun({ ledger, loaded, prepared, flags, host });
  const { run } = owned;
  const pass = { ...wholePass, waits: flags.noWait !== true, breaks: flags.noBreaker !== true };
  const work = { ledger, run, loaded, prepared, flags, host, pass, startedAt };
  return await finishRun(work, () => execute(work));
}
