import type { FailedRow } from './failed-row.ts';

/**
 * Rows whose request another row of the run, their leader, asks already: followers. They are in no chunk; their lines
 * stand one after another in the run's `followers.jsonl`.
 */
export interface FollowerCounts {
  readonly followers: number;
  /** Length of the file of followers, in bytes; what stands behind it was never committed. */
  readonly followerBytes: number;
}

/** What a stretch of reading adds to the file of followers, which is on disk already. */
export interface FollowerCommit {
  readonly rows: number;
  /** Length of the file with them, in bytes. */
  readonly bytes: number;
}

/** How far the followers of a chunk's rows are. */
export interface FollowedChunk {
  /** Whether the followers of each row whose fate was decided in this chunk are loaded, or recorded as failed. */
  readonly hasFollowed: boolean;
  /** Followers of its rows that are loaded. */
  readonly followedOk: number;
}

/** What became of followers; part of one transaction. */
export interface FollowersOutcome {
  /** How many more are loaded than before. */
  readonly ok: number;
  readonly cleaned: number;
  /** custom_ids of followers that were recorded as failed, and are so no longer. */
  readonly recovered: readonly string[];
  /** Read once, within the transaction: there may be more than fit in memory. */
  readonly failures: Iterable<FailedRow>;
}

export interface FollowerLedger {
  /** Records what became of the followers of a chunk's rows, which is then followed; one transaction. */
  recordFollowers(runId: string, chunk: number, outcome: FollowersOutcome): Promise<void>;
}
