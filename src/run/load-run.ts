import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError } from '../core/errors.ts';
import type { Ledger, RunRecord, RunStatus } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';
import { summarizeAt } from './at-work.ts';
import type { Host } from '../core/host.ts';
import type { OpenedSink } from '../core/sink.ts';
import { isWithinLimit } from './finish-run.ts';
import { requireAnswers } from '../load/fill-target.ts';
import type { Loading } from '../job/job.ts';
import { openDelivery } from '../load/delivery.ts';
import { heldChunks } from '../load/held-results.ts';
import type { LoadResult } from './build/load-build.ts';
import { reload, wholeLoadPlace } from '../load/reload.ts';
import { openToLoad } from './open-run.ts';
import { own } from './run-lock.ts';
import { runNamed, unknownRun } from './run-named.ts';
import { workOn } from './work-on.ts';

/** Loads the saved answers of a past run again, after an edit of `sink`. Reaches no provider and buys nothing. */
export async function loadRun(loaded: LoadedPipeline, id: string, outer: Host): Promise<LoadResult> {
  await using ledger = await openLedger(loaded.stateDir);
  await using owned = await own(ledger, await findRun(ledger, loaded, id));
  const { run } = owned;
  const { runId } = run;
  await using opened = await openToLoad({ ledger, loaded, host: outer }, run);
  const { work } = opened;
  const { sink } = work.prepared;
  const held = await heldChunks(ledger, run);
  // What could not be read was never inserted.
  const isAdded = held.length > 0 && isInserted(loaded, run, sink);
  if (!isAdded) refuseToInsertTwice(loaded, run, sink);
  if (sink.isReplaced) await requireAnswers(work);
  return await workOn(work, async () => {
    const delivery = openDelivery(work, null);
    for (const chunk of held) await delivery.load(chunk);
    const gone = isAdded ? 0 : await reloadAll(work);
    if (gone > 0) {
      work.host.emit({ type: 'Warned', message: `${gone} answers are no longer kept and were not loaded.` });
    }
    const rows = await ledger.rowCounts(runId);
    const isGood = isWithinLimit(rows, loaded.pipeline.max_failed_rows);
    if (isGood && rows.pending === 0 && gone === 0) await sink.finish(rows.ok);
    await sink.restore?.();
    const summary = await summarizeAt(work, statusAfter(run, rows.failed));
    const isWhole = gone === 0 && (await heldChunks(ledger, run)).length === 0;
    return { summary, exitCode: isGood && isWhole ? 0 : 1 };
  });
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

/** @returns how many answers are no longer kept */
async function reloadAll(work: Loading): Promise<number> {
  const { sink } = work.prepared;
  await sink.restart();
  await sink.forgetLoads?.(work.run.runId, `.${wholeLoadPlace(sink)}.`);
  return (await reload(work, 'all')).gone;
}

/** Whether the run's rows stand in the sink once and for all. */
function isInserted({ pipeline }: LoadedPipeline, run: RunRecord, sink: OpenedSink): boolean {
  return pipeline.sink['mode'] === 'insert' && sink.target === run.target;
}

function refuseToInsertTwice(loaded: LoadedPipeline, run: RunRecord, sink: OpenedSink): void {
  if (!isInserted(loaded, run, sink)) return;
  throw new BatchlineError(
    'already_inserted',
    `The rows of run ${run.runId} stand in ${sink.target} already.`,
    {
      hint: 'Name another table, or load with mode: upsert. `pipeline retry` loads only the rows that failed.',
      exitCode: 2,
    },
  );
}
