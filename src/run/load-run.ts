import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError } from '../core/errors.ts';
import type { Ledger, RunRecord, RunStatus } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';
import { summarizeAt } from './at-work.ts';
import type { Host } from '../core/host.ts';
import type { OpenedSink } from '../core/sink.ts';
import { isWithinLimit } from './finish-run.ts';
import { requireAnswers } from '../load/fill-target.ts';
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
  refuseToInsertTwice(loaded, run, sink);
  if (sink.isReplaced) await requireAnswers(work);
  return await workOn(work, async () => {
    await sink.restart();
    await sink.forgetLoads?.(runId, `.${wholeLoadPlace(sink)}.`);
    const { gone } = await reload(work, 'all');
    if (gone > 0) {
      work.host.emit({ type: 'Warned', message: `${gone} answers are no longer kept and were not loaded.` });
    }
    const rows = await ledger.rowCounts(runId);
    const isGood = isWithinLimit(rows, loaded.pipeline.max_failed_rows);
    if (isGood && rows.pending === 0 && gone === 0) await sink.finish(rows.ok);
    await sink.restore?.();
    const summary = await summarizeAt(work, statusAfter(run, rows.failed));
    return { summary, exitCode: isGood && gone === 0 ? 0 : 1 };
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

function refuseToInsertTwice({ pipeline }: LoadedPipeline, run: RunRecord, sink: OpenedSink): void {
  if (pipeline.sink['mode'] !== 'insert' || sink.target !== run.target) return;
  throw new BatchlineError(
    'already_inserted',
    `The rows of run ${run.runId} stand in ${sink.target} already.`,
    {
      hint: 'Name another table, or load with mode: upsert. `pipeline retry` loads only the rows that failed.',
      exitCode: 2,
    },
  );
}
