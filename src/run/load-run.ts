import { basename } from 'node:path';
import { chunkFiles } from '../batch/chunk-files.ts';
import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError, errorCode } from '../core/errors.ts';
import type { ChunkRecord, Ledger, RunRecord, RunStatus } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';
import { summarizeAt } from './at-work.ts';
import type { Host } from '../core/host.ts';
import type { OpenedSink } from '../core/sink.ts';
import { isWithinLimit } from './finish-run.ts';
import { requireAnswers } from '../load/fill-target.ts';
import type { Loading } from '../job/job.ts';
import { openDelivery } from '../load/delivery.ts';
import { followLeaders } from '../load/followers/follow-leaders.ts';
import type { LoadListener, LoadResult } from './build/load-build.ts';
import { reload, wholeLoadPlace } from '../load/reload.ts';
import { openToLoad } from './open-run.ts';
import { own } from './run-lock.ts';
import { runNamed, unknownRun } from './run-named.ts';
import { tidyRun } from './tidy-run.ts';
import { workOn } from './work-on.ts';

/** Loads the saved answers of a past run again, after an edit of `sink`. Reaches no provider and buys nothing. */
export async function loadRun(
  loaded: LoadedPipeline,
  id: string,
  { onRun }: LoadListener,
  outer: Host,
): Promise<LoadResult> {
  await using ledger = await openLedger(loaded.stateDir);
  const found = await findRun(ledger, loaded, id);
  onRun(found);
  await using owned = await own(ledger, found);
  const { run } = owned;
  const { runId } = run;
  await using opened = await openToLoad({ ledger, loaded, host: outer }, run);
  const { work } = opened;
  const { sink } = work.prepared;
  const unloaded = await unloadedChunks(ledger, run);
  const isThere = isInserted(loaded, run, sink) && !(await isEmpty(sink));
  // What could not be read, or never came into the target, was never inserted.
  if (isThere && unloaded.length === 0) throw alreadyInserted(run, sink);
  if (sink.isReplaced) await requireAnswers(work);
  return await workOn(work, async () => {
    const gone = isThere ? 0 : await reloadAll(work, unloaded);
    const delivery = openDelivery(work, null);
    for (const chunk of unloaded) await delivery.load(chunk);
    if (gone > 0) {
      work.host.emit({ type: 'Warned', message: `${gone} answers are no longer kept and were not loaded.` });
    }
    if (run.status === 'cancelled') await finishCancelled(work);
    const rows = await ledger.rowCounts(runId);
    const isGood = isWithinLimit(rows, loaded.pipeline.max_failed_rows);
    if (isGood && rows.pending === 0 && gone === 0) await sink.finish(rows.ok);
    await sink.restore?.();
    const summary = await summarizeAt(work, statusAfter(run, rows.failed));
    const isWhole = gone === 0 && (await unloadedChunks(ledger, run)).length === 0;
    return { summary, exitCode: isGood && isWhole ? 0 : 1 };
  });
}

/** Chunks whose answers are at hand and not loaded, or not all of them. */
async function unloadedChunks(ledger: Ledger, { runId }: RunRecord): Promise<readonly ChunkRecord[]> {
  return (await ledger.chunks(runId)).filter(({ state }) => state === 'downloaded' || state === 'held');
}

/** What `cancel` would have done, had it reached the target. */
async function finishCancelled(work: Loading): Promise<void> {
  await followLeaders(work, true);
  await tidyRun(work);
}

/** An unfinished run stays one. */
function statusAfter({ status }: RunRecord, failed: number): RunStatus {
  if (!status.startsWith('completed')) return status;
  return failed === 0 ? 'completed' : 'completed_with_failures';
}

async function findRun(ledger: Ledger, { name, stateDir }: LoadedPipeline, id: string): Promise<RunRecord> {
  const run = await runNamed(ledger, id, stateDir);
  if (run.kind === 'run' && run.pipeline === name) return run;
  throw unknownRun(id, stateDir, ` of ${name}`);
}

/**
 * @param unloaded chunks that are loaded afterwards, of which a load may have been broken off before the target went
 * @returns how many answers are no longer kept
 */
async function reloadAll(work: Loading, unloaded: readonly ChunkRecord[]): Promise<number> {
  const { sink } = work.prepared;
  const { runId, folder } = work.run;
  await sink.restart();
  await sink.forgetLoads?.(runId, `.${wholeLoadPlace(sink)}.`);
  for (const { chunk } of unloaded)
    await sink.forgetLoads?.(runId, basename(chunkFiles(folder, chunk).output, '.jsonl'));
  return (await reload(work, 'all')).gone;
}

/** Whether the run's rows went into the sink once and for all. */
function isInserted({ pipeline }: LoadedPipeline, run: RunRecord, sink: OpenedSink): boolean {
  return pipeline.sink['mode'] === 'insert' && sink.target === run.target;
}

/** Whether nothing stands in a target any more, or there is none yet. */
async function isEmpty(sink: OpenedSink): Promise<boolean> {
  try {
    return (await sink.sample(1)).rows.length === 0;
  } catch (error) {
    if (errorCode(error) === 'table_missing') return true;
    throw error;
  }
}

function alreadyInserted({ runId }: RunRecord, { target }: OpenedSink): BatchlineError {
  return new BatchlineError('already_inserted', `The rows of run ${runId} stand in ${target} already.`, {
    hint: 'Name another table, or load with mode: upsert. `pipeline retry` loads only the rows that failed.',
    exitCode: 2,
  });
}
