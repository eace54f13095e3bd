import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failuresOf, tidyChunk, tidyFollowers } from '../batch/keep-files.ts';
import type { Collection } from '../job/job.ts';
import { forgetPilotValues } from '../load/pilot/pilot-values.ts';
import { mayBePaid } from '../ledger/chunk-state.ts';

/** Tidies up after a run of which nothing more is sent; also what a crash between loading and tidying left lying about. */
export async function tidyRun({
  ledger,
  run,
  loaded,
}: Pick<Collection, 'ledger' | 'run' | 'loaded'>): Promise<void> {
  const { keep_files: keep } = loaded.pipeline;
  let isWhole = true;
  for (const { chunk, state, hasFollowed } of await ledger.chunks(run.runId)) {
    // Its answers may be paid for: `cancel` or `load --run` can still bring them home.
    if (mayBePaid(state) || (run.followers > 0 && state === 'loaded' && !hasFollowed)) {
      isWhole = false;
      continue;
    }
    const failures = failuresOf(await ledger.ownFailures(run.runId, chunk));
    await tidyChunk(run.folder, chunk, keep, failures);
  }
  const { failed } = await ledger.rowCounts(run.runId);
  await forgetPilotValues(run.folder);
  if (isWhole) await tidyFollowers(run.folder, keep, failed > 0);
  for (const workingCopy of ['keys', 'keys.db', 'leaders.db', 'followers.db'])
    await rm(join(run.folder, workingCopy), { recursive: true, force: true });
}
