import { chunkFiles } from '../../batch/chunk-files.ts';
import { ChunkRows } from '../../batch/chunk-rows.ts';
import { rowState } from '../../batch/reconciliation.ts';
import { Semaphore } from '../../core/semaphore.ts';
import { isFinal, type ChunkState } from '../../ledger/chunk-state.ts';
import type { ChunkRecord, FailedRow, Ledger, RunRecord } from '../../ledger/ledger.ts';
import type { Collection, Loading } from '../../job/job.ts';
import { orLeave } from '../../job/or-leave.ts';
import { openQueue } from '../open-queue.ts';
import { loadFailure, sharedFailures } from './follower-failures.ts';
import { FollowerIndex, type Follower } from './follower-index.ts';
import { joinFollowers } from './join-followers.ts';
import { loadsAtOnce } from '../load-queue.ts';
import { savedFiles } from '../../batch/saved-files.ts';

/**
 * The chunks whose rows' fates are decided and not yet shared with their followers.
 *
 * @param isCancelled whether rows that are held stay so, as those of a run that is cancelled do
 */
export async function chunksToFollow(
  ledger: Ledger,
  run: RunRecord,
  isCancelled: boolean,
): Promise<readonly ChunkRecord[]> {
  if (run.followers === 0) return [];
  const isDecided = (state: ChunkState) => isFinal(state) || (isCancelled && state === 'held');
  return (await ledger.chunks(run.runId)).filter(
    ({ state, hasFollowed }) => isDecided(state) && !hasFollowed,
  );
}

/**
 * Shares the fate of each row with those that follow it: its answer is loaded for them from the file that it is saved
 * in, its failure is recorded for them as well. A row that is to be sent again is followed in its later chunk.
 *
 * This waits until no follower can come any more. So what is to be done for a chunk stays the same until it is done and
 * recorded, in one transaction: after a crash in the middle the same batches are loaded again, and an inserting sink
 * knows them.
 *
 * @param isCancelled whether nothing more is read or sent of the run
 */
export async function followLeaders(loading: Following, isCancelled: boolean): Promise<void> {
  const { ledger, host } = loading;
  const run = (await ledger.run(loading.run.runId)) ?? loading.run;
  if (!run.readingFinished && !isCancelled) return;
  const chunks = await chunksToFollow(ledger, run, isCancelled);
  const [first] = chunks;
  if (first === undefined) return;
  await using index = await orLeave(loading, first, () => FollowerIndex.open(run, host.signals.drain));
  if (index === null) return;
  const slots = new Semaphore(loadsAtOnce);
  for (const chunk of chunks) {
    host.signals.drain.throwIfAborted();
    await orLeave(loading, chunk, () => followChunk({ loading, index, slots, chunk }));
  }
}

type Following = Loading & Pick<Collection, 'leave'>;

/** What the followers of a chunk's rows are loaded with. */
export interface ChunkFollowing {
  readonly loading: Loading;
  readonly index: FollowerIndex;
  readonly slots: Semaphore;
  readonly chunk: ChunkRecord;
}

async function followChunk(work: ChunkFollowing): Promise<void> {
  const { loading, index, chunk } = work;
  const { ledger, run, host } = loading;
  const leaders = await leadersOf(work);
  const { joined, cleaned, unanswered } = await loadFollowers(work, {
    leaders: leaders.answered,
    place: `followers-${chunk.chunk}`,
  });
  const ok = joined - index.refusedCount;
  refuseUnanswered(index, unanswered);
  const history = await ledger.rowHistory(run.runId, chunk.chunk);
  let failed = 0;
  const failures = function* (): Generator<FailedRow> {
    for (const failure of sharedFailures(index, leaders.failed)) {
      failed += 1;
      yield failure;
    }
    for (const refused of index.refused()) {
      failed += 1;
      yield loadFailure(refused, chunk, (history.get(refused.follower.leader)?.attempts ?? 0) + 1);
    }
  };
  await ledger.recordFollowers(run.runId, chunk.chunk, { ok, cleaned, recovered: [], failures: failures() });
  if (ok + failed > 0) host.emit({ type: 'FollowersLoaded', chunk: chunk.chunk, ok, failed });
}

export interface Leaders {
  /** custom_ids of rows whose answer is there for others, also where it could not be loaded for the row itself. */
  readonly answered: ReadonlySet<string>;
  readonly failed: readonly FailedRow[];
}

/** The rows whose fate was decided in a chunk, as far as others follow them. */
export async function leadersOf({ loading, index, chunk }: ChunkFollowing): Promise<Leaders> {
  const { ledger, run } = loading;
  const failures = (await ledger.ownFailures(run.runId, chunk.chunk)).filter(({ customId }) =>
    index.has(customId),
  );
  const answered = failures.filter(({ stage }) => stage === 'load').map(({ customId }) => customId);
  using rows = await ChunkRows.open(chunkFiles(run.folder, chunk.chunk).rows, chunk.requests);
  const loaded = rows.customIds.filter(
    (customId, line) => chunk.rowStates?.[line] === rowState.ok && index.has(customId),
  );
  return {
    answered: new Set([...loaded, ...answered]),
    failed: failures.filter(({ stage }) => stage !== 'load'),
  };
}

export interface FollowerLoad {
  readonly leaders: ReadonlySet<string>;
  /** Names this load among all of the run, and is the same when it is repeated after a crash. */
  readonly place: string;
  /** The custom_ids of the followers to load; all of them where it is left out. */
  readonly only?: ReadonlySet<string>;
}

/** Loads followers from the saved answers of their leaders in one chunk; those that were refused are in the index. */
export async function loadFollowers(
  { loading, index, slots, chunk }: ChunkFollowing,
  { leaders, place, only }: FollowerLoad,
): Promise<{ joined: number; unanswered: ReadonlySet<string>; cleaned: number }> {
  const { ledger, run, host } = loading;
  const { sink, results } = loading.prepared;
  index.forgetRefusals();
  if (leaders.size === 0) return { joined: 0, unanswered: leaders, cleaned: 0 };
  let cleaned = 0;
  const queue = openQueue(
    { runId: run.runId, sink, slots, results, host },
    index,
    chunk.chunk,
    (count) => (cleaned += count),
  );
  const context = {
    place,
    isWanted: only && (({ row }: Follower) => only.has(row.customId)),
    index,
    queue,
    results,
    batchId: chunk.batchId,
    history: await ledger.rowHistory(run.runId, chunk.chunk),
    now: new Date().toISOString(),
    signal: host.signals.abort,
  };
  const joined = await joinFollowers(context, await savedFiles(run.folder, chunk.chunk), leaders);
  await queue.drain();
  return { ...joined, cleaned };
}

/** Their answers are paid for, but somebody has deleted the file, or changed it. */
function refuseUnanswered(index: FollowerIndex, leaders: ReadonlySet<string>): void {
  for (const leader of leaders) {
    const message = `The saved answer to ${leader}, which asked the same, is no longer there.`;
    for (const { id } of index.of(leader)) index.refuse(id, { code: 'answer_gone', message });
  }
}
