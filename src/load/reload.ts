import { basename } from 'node:path';
import type { ChunkRow } from '../batch/chunk-rows.ts';
import { Reconciliation, rowState, type ChunkSpan } from '../batch/reconciliation.ts';
import { Semaphore } from '../core/semaphore.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { ChunkRecord, FailedRow } from '../ledger/ledger.ts';
import type { Loading } from '../job/job.ts';
import { openQueue } from './open-queue.ts';
import { FollowerIndex } from './followers/follower-index.ts';
import { joinResults } from './join-results.ts';
import { loadsAtOnce } from './load-queue.ts';
import { reloadFollowers, type ReloadedFollowers } from './followers/reload-followers.ts';
import { hasFollowers, savedFiles } from '../batch/saved-files.ts';

/** What became of answers that were loaded again. */
export interface Reloaded {
  readonly loaded: number;
  readonly failed: number;
  /** Answers that are no longer kept. */
  readonly gone: number;
}

/**
 * Loads saved answers again, from the output files that are kept: those of rows of stage `load`, or of every row that
 * was ever answered well. Nothing is bought.
 *
 * @param isMeant which of the former
 */
export async function reload(
  loading: Loading,
  which: 'failed' | 'all',
  isMeant: (row: FailedRow) => boolean = () => true,
): Promise<Reloaded> {
  const sum = { loaded: 0, failed: 0, gone: 0 };
  const slots = new Semaphore(loadsAtOnce);
  await using index = await openIndex(loading, which);
  for (const chunk of await loading.ledger.chunks(loading.run.runId)) {
    loading.host.signals.drain.throwIfAborted();
    const unloaded = (await unloadedRows(loading, chunk)).filter(isMeant);
    if (chunk.rowStates === null || (which === 'failed' && unloaded.length === 0)) continue;
    const done = await reloadChunk({ loading, slots, index, chunk, unloaded, which });
    sum.loaded += done.loaded;
    sum.failed += done.failed;
    sum.gone += done.gone;
  }
  return sum;
}

/** The rows of a chunk, and followers of them, whose answers could not be loaded. */
async function unloadedRows({ ledger, run }: Loading, { chunk }: ChunkRecord): Promise<readonly FailedRow[]> {
  return (await ledger.ownFailures(run.runId, chunk)).filter(({ stage }) => stage === 'load');
}

/** Null where there is no follower to load. */
async function openIndex(loading: Loading, which: 'failed' | 'all'): Promise<FollowerIndex | null> {
  const { ledger, run: before, host } = loading;
  const run = (await ledger.run(before.runId)) ?? before;
  // Where no line of them is kept, no answer is either.
  if (run.followers === 0 || !(await hasFollowers(run.folder))) return null;
  const isWanted = which === 'all' || (await hasUnloadedFollowers(loading));
  return isWanted ? FollowerIndex.open(run, host.signals.drain) : null;
}

async function hasUnloadedFollowers(loading: Loading): Promise<boolean> {
  for (const chunk of await loading.ledger.chunks(loading.run.runId))
    if ((await unloadedRows(loading, chunk)).some(isUnloadedFollower)) return true;
  return false;
}

function isUnloadedFollower({ stage, sameAs }: FailedRow): boolean {
  return stage === 'load' && typeof sameAs === 'string';
}

interface ChunkReload {
  readonly loading: Loading;
  readonly slots: Semaphore;
  readonly index: FollowerIndex | null;
  readonly chunk: ChunkRecord;
  /** Its rows whose answers could not be loaded. */
  readonly unloaded: readonly FailedRow[];
  readonly which: 'failed' | 'all';
}

async function reloadChunk(given: ChunkReload): Promise<Reloaded> {
  const [followers, unloaded] = part(given.unloaded, isUnloadedFollower);
  const work = { ...given, unloaded };
  const { loading, chunk } = work;
  const { folder, runId } = loading.run;
  const files = await savedFiles(folder, chunk.chunk);
  const wanted = given.unloaded.length + (work.which === 'failed' ? 0 : chunk.ok + chunk.followedOk);
  if (files.length === 0) return { loaded: 0, failed: 0, gone: wanted };
  using reconciliation = await Reconciliation.open(folder, [chunk]);
  const [span] = reconciliation.spans;
  if (span === undefined) throw new Error('A reconciliation without a chunk.');
  const candidates = chooseCandidates(work, reconciliation, span);
  const cleaned = candidates.length === 0 ? 0 : await join(work, reconciliation, files);
  const followed = await follow(work, followers);
  const outcome = outcomeOf(work, reconciliation, span, candidates);
  const recorded = { ...outcome, cleaned, ...(followed && { followers: followed.outcome }) };
  await loading.ledger.recordReload(runId, chunk.chunk, recorded);
  const { loaded, failures } = outcome;
  const { emit } = loading.host;
  emit({ type: 'ChunkLoaded', chunk: chunk.chunk, ok: loaded, failed: failures.length, pending: 0 });
  const direct = { loaded, failed: failures.length, gone: candidates.length - loaded - failures.length };
  if (followed === null) return direct;
  const { loaded: ok, failed, gone } = followed;
  emit({ type: 'FollowersLoaded', chunk: chunk.chunk, ok, failed });
  return { loaded: loaded + ok, failed: direct.failed + failed, gone: direct.gone + gone };
}

async function follow(work: ChunkReload, unloaded: readonly FailedRow[]): Promise<ReloadedFollowers | null> {
  const { loading, slots, index, chunk, which } = work;
  if (index === null || (which === 'failed' && unloaded.length === 0)) return null;
  return reloadFollowers(
    { loading, slots, index, chunk },
    unloaded,
    which,
    `followers-${chunk.chunk}.${placeSuffix(work)}`,
  );
}

/**
 * An inserting sink tells loads by their place. Whoever fails again is loaded once more each time; a table that is to get
 * every row gets each once, however often a crash has the command typed again.
 */
function placeSuffix({ loading, chunk, which }: ChunkReload): string {
  const { prepared } = loading;
  return which === 'all' ? wholeLoadPlace(prepared.sink) : `again-${chunk.reloads + 1}`;
}

/** What the places of loads have in common that bring every row of a run into a target. */
export function wholeLoadPlace({ target }: OpenedSink): string {
  return `into-${target}`;
}

function part<T>(items: readonly T[], isFirst: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** Opens the rows that are to be loaded again and closes all others, so that their results are passed over. */
function chooseCandidates(
  { chunk, unloaded, which }: ChunkReload,
  reconciliation: Reconciliation,
  span: ChunkSpan,
): readonly number[] {
  const failedIds = new Set(unloaded.map(({ customId }) => customId));
  const candidates: number[] = [];
  for (const [line, customId] of span.rows.customIds.entries()) {
    const state = chunk.rowStates?.[line];
    const isWanted = failedIds.has(customId) || (which === 'all' && state === rowState.ok);
    reconciliation.states[line] = isWanted ? rowState.pending : rowState.ok;
    if (isWanted) candidates.push(line);
  }
  return candidates;
}

/** @returns how many rows were cleaned */
async function join(
  work: ChunkReload,
  reconciliation: Reconciliation,
  files: readonly string[],
): Promise<number> {
  const { loading, slots, chunk } = work;
  const { ledger, run, prepared, host } = loading;
  const { sink, results } = prepared;
  const history = await ledger.rowHistory(run.runId, chunk.chunk);
  let cleaned = 0;
  const queue = openQueue(
    { runId: run.runId, sink, slots, results, host },
    reconciliation,
    chunk.chunk,
    (count) => (cleaned += count),
  );
  for (const file of files) {
    await joinResults(
      {
        reconciliation,
        queue,
        history,
        results,
        place: `${basename(file).replace(/\.jsonl(\.gz)?$/, '')}.${placeSuffix(work)}`,
        now: new Date().toISOString(),
        signal: host.signals.abort,
      },
      file,
    );
  }
  await queue.drain();
  return cleaned;
}

function outcomeOf(
  { chunk, unloaded }: ChunkReload,
  reconciliation: Reconciliation,
  span: ChunkSpan,
  candidates: readonly number[],
) {
  const before = new Map(unloaded.map((row) => [row.customId, row]));
  const rowStates = Uint8Array.from(chunk.rowStates ?? []);
  const recovered: string[] = [];
  const failures: FailedRow[] = [];
  let loaded = 0;
  for (const line of candidates) {
    const row = span.rows.row(line);
    const refusal = reconciliation.refusals.get(line);
    const known = before.get(row.customId);
    if (refusal !== undefined) {
      rowStates[line] = rowState.failed;
      failures.push({ ...(known ?? freshFailure(chunk, row)), ...refusal });
    } else if (reconciliation.states[line] === rowState.ok) {
      rowStates[line] = rowState.ok;
      loaded += 1;
      if (known !== undefined) recovered.push(row.customId);
    }
  }
  const ok = rowStates.filter((state) => state === rowState.ok).length;
  return { rowStates, recovered, failures, loaded, ok };
}

function freshFailure(
  { chunk, batchId }: ChunkRecord,
  { customId, key, requestHash }: ChunkRow,
): Omit<FailedRow, 'code' | 'message'> {
  return { customId, key, stage: 'load', attempts: 1, chunk, batchId, requestHash, request: null };
}
