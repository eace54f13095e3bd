import type { ChunkRow } from '../../batch/chunk-rows.ts';
import type { ChunkRecord, FailedRow } from '../../ledger/ledger.ts';
import type { FollowerIndex, RefusedFollower } from './follower-index.ts';

/** The failure of a row whose leader failed for good. */
function sharedFailure(leader: FailedRow, { customId, key, requestHash }: ChunkRow): FailedRow {
  return { ...leader, customId, key, requestHash, request: null, sameAs: leader.customId };
}

/** The failure of a row whose leader was answered, but which could not be loaded itself. */
export function loadFailure(
  { follower, code, message }: RefusedFollower,
  { chunk, batchId }: Pick<ChunkRecord, 'chunk' | 'batchId'>,
  attempts: number,
): FailedRow {
  const { leader, row } = follower;
  const { customId, key, requestHash } = row;
  const known = { customId, key, requestHash, request: null, sameAs: leader };
  return { ...known, stage: 'load', code, message, attempts, chunk, batchId };
}

/** The failures of all followers of rows that failed for good. */
export function* sharedFailures(index: FollowerIndex, leaders: Iterable<FailedRow>): Generator<FailedRow> {
  for (const leader of leaders) {
    for (const { row } of index.of(leader.customId)) yield sharedFailure(leader, row);
  }
}
