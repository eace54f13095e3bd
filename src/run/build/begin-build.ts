import { fingerprintOf } from '../../job/fingerprint.ts';
import type { Reading } from '../../job/job.ts';
import { isEnded, type Ledger, type RunRecord } from '../../ledger/ledger.ts';
import { fixSelection } from '../../read/selection.ts';
import { newRun, newRunId } from '../new-run.ts';

/** Begins a build whose files, if any are written, lie in a folder. */
export async function beginBuild(reading: Omit<Reading, 'run'>, folder: string): Promise<RunRecord> {
  const { ledger, loaded, prepared, flags } = reading;
  const selection = await fixSelection(reading);
  await giveUpBrokenOff(ledger, loaded.name, folder);
  const runId = newRunId(new Date());
  const print = fingerprintOf(loaded, prepared, flags);
  await ledger.createRun(newRun(loaded, prepared, { runId, kind: 'build', folder, print, selection }));
  const run = await ledger.run(runId);
  if (run === null) throw new Error(`Build ${runId} is not in the ledger.`);
  return run;
}

/** A build that was killed in the same folder lost its files to this one. */
async function giveUpBrokenOff(ledger: Ledger, pipeline: string, folder: string): Promise<void> {
  for (const run of await ledger.runs(pipeline))
    if (run.kind === 'build' && run.folder === folder && !isEnded(run))
      await ledger.setStatus(run.runId, 'cancelled', Date.now());
}
