import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError } from '../core/errors.ts';
import type { Ledger, RunRecord, RunStatus } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';
import { atWork, summarizeAt } from './at-work.ts';
import type { Host } from '../core/host.ts';
import { requireWholeRun, requireWholeSource } from '../job/open-parts.ts';
import { own } from './continue-run.ts';
import { wholePass } from '../job/job.ts';
import { isWithinLimit } from './exit-code.ts';
import { requireAnswers } from '../load/fill-target.ts';
import { flagsOf } from '../job/fingerprint.ts';
import type { LoadResult } from './build/load-build.ts';
import { tellingHost } from './telling-host.ts';
import { prepareDelivery, type Delivery } from '../job/parts.ts';
import { reload, wholeLoadPlace } from '../load/reload.ts';
import { tellingSetAside } from '../load/set-aside.ts';

/** Loads the saved answers of a past run again, after an edit of `sink`. Reaches no provider and buys nothing. */
export async function loadRun(loaded: LoadedPipeline, runId: string, outer: Host): Promise<LoadResult> {
  const startedAt = Date.now();
  await using ledger = await openLedger(loaded.stateDir);
  await using owned = await own(ledger, await findRun(ledger, loaded, runId));
  const { run } = owned;
  const host = tellingHost(outer, ledger, loaded.redactor, runId);
  await using prepared = await prepareDelivery(loaded, run.schema, host, { offline: true });
  requireWholeSource(loaded, prepared.sink, flagsOf(run));
  requireWholeRun(loaded, prepared.sink, run);
  refuseToInsertTwice(loaded, run, prepared);
  await prepared.sink.rehearse();
  const work = { ledger, run, loaded, prepared, host, startedAt, pass: wholePass };
  if (prepared.sink.isReplaced) await requireAnswers(work);
  const load = async () => {
    await prepared.sink.prepare();
    await prepared.sink.restart();
    await prepared.sink.forgetLoads?.(runId, `.${wholeLoadPlace(prepared.sink)}.`);
    const { gone } = await reload(work, 'all');
    if (gone > 0) {
      host.emit({ type: 'Warned', message: `${gone} answers are no longer kept and were not loaded.` });
    }
    const rows = await ledger.rowCounts(runId);
    const isGood = isWithinLimit(rows, loaded.pipeline.max_failed_rows);
    if (isGood && rows.pending === 0 && gone === 0) await prepared.sink.finish(rows.ok);
    await prepared.sink.restore?.();
    const status = statusAfter(run, rows.failed);
    const end: LoadResult['exitCode'] = isGood && gone === 0 ? 0 : 1;
    return { status, summary: await summarizeAt(work, status), exitCode: end };
  };
  const { summary, exitCode } = await tellingSetAside(prepared.sink, host, () => atWork(work, load));
  return { summary, exitCode };
}

/** An unfinished run stays one. */
function statusAfter({ status }: RunRecord, failed: number): RunStatus {
  if (!status.startsWith('completed')) return status;
  return failed === 0 ? 'completed' : 'completed_with_failures';
}

async function findRun(ledger: Ledger, loaded: LoadedPipeline, runId: string): Promise<RunRecord> {
  const run = await ledger.run(runId);
  if (run !== null && run.kind === 'run' && run.pipeline === loaded.name) return run;
  throw new BatchlineError('unknown_run', `There is no run ${runId} of ${loaded.name} here.`, {
    where: loaded.stateDir,
    hint: '`pipeline runs` lists the runs.',
    exitCode: 2,
  });
}

function refuseToInsertTwice({ pipeline }: LoadedPipeline, run: RunRecord, { sink }: Delivery): void {
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
