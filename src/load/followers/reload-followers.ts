import type { FollowersOutcome } from '../../ledger/follower-ledger.ts';
import type { FailedRow } from '../../ledger/ledger.ts';
import { leadersOf, loadFollowers, type ChunkFollowing, type FollowerLoad } from './follow-leaders.ts';
import { loadFailure } from './follower-failures.ts';
import type { FollowerIndex } from './follower-index.ts';

/** What became of followers that were loaded again. */
export interface ReloadedFollowers {
  readonly outcome: FollowersOutcome;
  readonly loaded: number;
  readonly failed: number;
  /** Those whose leader's answer is no longer kept. */
  readonly gone: number;
}

/**
 * Loads followers of one chunk's rows again, from the saved answers of their leaders. The outcome is to be recorded
 * before the index is used again.
 *
 * @param unloaded those that were recorded as failed while they were loaded
 */
export async function reloadFollowers(
  work: ChunkFollowing,
  unloaded: readonly FailedRow[],
  which: 'failed' | 'all',
  place: string,
): Promise<ReloadedFollowers> {
  const { index, chunk } = work;
  const chosen = which === 'failed' ? failedOnly(unloaded) : await everyFollower(work);
  const { joined, cleaned, unanswered } = await loadFollowers(work, { ...chosen, place });
  const before = new Map(unloaded.map((row) => [row.customId, row]));
  const failedAgain = new Set<string>();
  let failed = 0;
  for (const { follower } of index.refused()) {
    failed += 1;
    if (before.has(follower.row.customId)) failedAgain.add(follower.row.customId);
  }
  const recovered = unloaded
    .filter(({ customId, sameAs }) => !failedAgain.has(customId) && !unanswered.has(sameAs ?? ''))
    .map(({ customId }) => customId);
  const failures = function* (): Generator<FailedRow> {
    for (const refused of index.refused())
      yield loadFailure(refused, chunk, before.get(refused.follower.row.customId)?.attempts ?? 1);
  };
  const ok = recovered.length - (failed - failedAgain.size);
  return {
    outcome: { ok, cleaned, recovered, failures: failures() },
    loaded: joined - failed,
    failed,
    gone: countGone(index, unanswered, chosen.only),
  };
}

function failedOnly(unloaded: readonly FailedRow[]): Pick<FollowerLoad, 'leaders' | 'only'> {
  return {
    leaders: new Set(unloaded.map(({ sameAs }) => sameAs ?? '')),
    only: new Set(unloaded.map(({ customId }) => customId)),
  };
}

/** Rows of a chunk whose followers have not been dealt with yet are left to the run. */
async function everyFollower(work: ChunkFollowing): Promise<Pick<FollowerLoad, 'leaders' | 'only'>> {
  return { leaders: work.chunk.hasFollowed ? (await leadersOf(work)).answered : new Set() };
}

function countGone(
  index: FollowerIndex,
  leaders: ReadonlySet<string>,
  only: ReadonlySet<string> | undefined,
): number {
  let gone = 0;
  for (const leader of leaders) {
    for (const { row } of index.of(leader)) if (only?.has(row.customId) !== false) gone += 1;
  }
  return gone;
}
