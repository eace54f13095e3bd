import { DurableWriter } from '../../files/durable-writer.ts';
import { followersPath } from '../../batch/follower-file.ts';
import type { FailedRow } from '../../ledger/ledger.ts';
import type { Loading } from '../../job/job.ts';
import { hasFollowers } from '../../batch/saved-files.ts';

/**
 * Writes the lines of followers that failed anew, where `gc` has deleted them, so that the rows that they follow can be
 * sent again. Without carried fields the ledger knows all that stood there; with them, no row is sent again whose own
 * line was deleted.
 */
export async function restoreFollowers({ ledger, run, prepared }: Loading): Promise<void> {
  if (run.followers === 0 || prepared.results.columns.carried.length > 0 || (await hasFollowers(run.folder)))
    return;
  await using file = await DurableWriter.create(followersPath(run.folder));
  for await (const row of ledger.failedRows(run.runId)) {
    if (typeof row.sameAs === 'string') await file.append(Buffer.from(`${followerLine(row)}\n`));
  }
  await file.finish();
}

function followerLine({ customId, key, requestHash, sameAs }: FailedRow): string {
  return JSON.stringify([customId, key, {}, requestHash, sameAs]);
}
