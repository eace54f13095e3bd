import { basename } from 'node:path';
import { rowState, type Reconciliation } from '../../batch/reconciliation.ts';
import type { Semaphore } from '../../core/semaphore.ts';
import type { Loading } from '../../job/job.ts';
import type { FollowersOutcome } from '../../ledger/follower-ledger.ts';
import type { ChunkOutcome, FailedRow } from '../../ledger/ledger.ts';
import { loadFailure, sharedFailures } from '../../load/followers/follower-failures.ts';
import type { Follower, FollowerIndex } from '../../load/followers/follower-index.ts';
import { joinFollowers } from '../../load/followers/join-followers.ts';
import { openQueue } from '../../load/open-queue.ts';

/** What was loaded of the followers of a window's rows, to be recorded together with the rows. */
export interface LoadedFollowers {
  readonly ok: number;
  readonly cleaned: number;
  readonly recovered: readonly string[];
}

export const noFollowers: LoadedFollowers = { ok: 0, cleaned: 0, recovered: [] };

/**
 * Shares the answers of a build's rows with those that follow them. Results files are the user's and may be gone
 * tomorrow, so followers are loaded in the same pass as their leaders, and recorded in the same transaction.
 */
export class WindowFollowers {
  readonly #index: FollowerIndex;
  readonly #reconciliation: Reconciliation;
  /** Rows of the window that had failed on their own account before this pass, by custom_id. */
  readonly #failedBefore: ReadonlyMap<string, FailedRow>;
  readonly #statesBefore: Uint8Array;

  private constructor(
    index: FollowerIndex,
    reconciliation: Reconciliation,
    failedBefore: ReadonlyMap<string, FailedRow>,
  ) {
    this.#index = index;
    this.#reconciliation = reconciliation;
    this.#failedBefore = failedBefore;
    this.#statesBefore = Uint8Array.from(reconciliation.states);
    index.forgetRefusals();
  }

  /** To be called before any result is joined. */
  static async open(
    { ledger, run }: Loading,
    index: FollowerIndex,
    reconciliation: Reconciliation,
  ): Promise<WindowFollowers> {
    const failed = new Map<string, FailedRow>();
    for (const { chunk } of reconciliation.spans) {
      for (const row of await ledger.ownFailures(run.runId, chunk.chunk)) failed.set(row.customId, row);
    }
    return new WindowFollowers(index, reconciliation, failed);
  }

  /** Loads the followers of rows that were answered in this pass, and those that could not be loaded before. */
  async load(loading: Loading, slots: Semaphore, files: readonly string[]): Promise<LoadedFollowers> {
    const index = this.#index;
    const answered = this.#newlyAnswered();
    const retried = new Map([...this.#failedBefore].filter(([, { sameAs }]) => typeof sameAs === 'string'));
    const leaders = new Set([...answered, ...retried.values().map(({ sameAs }) => sameAs ?? '')]);
    if (leaders.size === 0) return noFollowers;
    const [first] = this.#reconciliation.spans;
    const number = first?.chunk.chunk ?? 0;
    let cleaned = 0;
    const { run, host } = loading;
    const { sink, results } = loading.prepared;
    const queue = openQueue(
      { runId: run.runId, sink, slots, results, host },
      index,
      number,
      (count) => (cleaned += count),
    );
    const following = {
      results,
      index,
      queue,
      batchId: null,
      history: new Map(),
      now: new Date().toISOString(),
      signal: host.signals.abort,
      isWanted: ({ leader, row }: Follower) => answered.has(leader) || retried.has(row.customId),
    };
    let joined = 0;
    let unanswered: ReadonlySet<string> = leaders;
    for (const file of files) {
      // By the file, as their leaders' places are: after a crash the files may come one by one, or in another order.
      const place = `followers-${number}.${basename(file)}`;
      const done = await joinFollowers({ ...following, place }, [file], unanswered);
      joined += done.joined;
      unanswered = done.unanswered;
    }
    await queue.drain();
    const shared = answered.values().filter((leader) => this.#hadFailed(leader));
    const recovered = [
      ...shared.flatMap((leader) => index.of(leader)).map(({ row }) => row.customId),
      ...retried.values().flatMap(({ customId, sameAs }) => (unanswered.has(sameAs ?? '') ? [] : [customId])),
    ];
    return { ok: joined - index.refusedCount, cleaned, recovered };
  }

  /** What is to be recorded with the window's rows. */
  outcome({ ok, cleaned, recovered }: LoadedFollowers, rows: Iterable<ChunkOutcome>): FollowersOutcome {
    const index = this.#index;
    const batch = { chunk: this.#reconciliation.spans[0]?.chunk.chunk ?? 0, batchId: null };
    const failedLeaders = [...rows].flatMap(({ failures }) =>
      failures.filter(({ stage }) => stage !== 'load'),
    );
    const failures = function* (): Generator<FailedRow> {
      yield* sharedFailures(index, failedLeaders);
      for (const refused of index.refused()) yield loadFailure(refused, batch, 1);
    };
    return { ok, cleaned, recovered, failures: failures() };
  }

  /** Rows that others follow and that have an answer now, for the first time. */
  #newlyAnswered(): ReadonlySet<string> {
    const { spans, states, refusals } = this.#reconciliation;
    const answered = new Set<string>();
    for (const { rows, offset } of spans) {
      for (const [line, customId] of rows.customIds.entries()) {
        const at = offset + line;
        const isAnswered = states[at] === rowState.ok || refusals.has(at);
        if (isAnswered && !this.#wasAnswered(at, customId) && this.#index.has(customId))
          answered.add(customId);
      }
    }
    return answered;
  }

  #wasAnswered(at: number, customId: string): boolean {
    return this.#statesBefore[at] === rowState.ok || this.#failedBefore.get(customId)?.stage === 'load';
  }

  #hadFailed(leader: string): boolean {
    return this.#failedBefore.has(leader);
  }
}
