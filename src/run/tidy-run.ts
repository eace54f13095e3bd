import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failuresOf, tidyChunk, tidyFollowers } from '../batch/keep-files.ts';
import type { Collection } from '../job/job.ts';

/** Tidies up after a run of which nothing more is sent; also what a crash between loading and tidying left lying about. */
export async function tidyRun({
  ledger,
  run,
  loaded,
}: Pick<Collection, 'ledger' | 'run' | 'loaded'>): Promise<void> {
  const { keep_files: keep } = loaded.pipeline;
  for (const { chunk, state } of await ledger.chunks(run.runId)) {
    // Its answers may be paid for, and can still be read by `load --run`.
    if (state === 'held') continue;
    const failures = failuresOf(await ledger.ownFailures(run.runId, chunk));
    await tidyChunk(run.folder, chunk, keep, failures);
  }
  const { failed } = await ledger.rowCounts(run.runId);
  await tidyFollowers(run.folder, keep, failed > 0);
  for (const workingCopy of ['keys', 'keys.db', 'leaders.db', 'followers.db'])
    await rm(join(run.folder, workingCopy), { recursive: true, force: true });
}
