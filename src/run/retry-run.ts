import { BatchlineError } from '../core/errors.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import { carryOut } from './carry-out.ts';
import type { Continuation } from './continue-run.ts';
import type { Collection } from '../job/job.ts';
import { chunkLimits } from '../job/settings.ts';
import type { RunResult } from './finish-run.ts';
import { reload } from '../load/reload.ts';
import { isSendable, reopenRows } from '../batch/reopen-rows.ts';
import { restoreFollowers } from '../load/followers/restore-followers.ts';
import { openKnownRun } from './open-run.ts';
import { workOn } from './work-on.ts';

/**
 * Reopens a run with fresh attempts: answers that could not be loaded are loaded again from disk, rows that the
 * provider failed, or answered badly, are sent again as they were. The caller holds the run's lock.
 *
 * @throws BatchlineError `run_not_retried` for a run that was cancelled, or whose requests are sent by hand
 */
export async function retryRun(
  { pass, flags, ...opening }: Continuation,
  run: RunRecord,
): Promise<RunResult> {
  if (run.kind === 'build' || run.status === 'cancelled' || run.cancelRequested) throw notRetriedError(run);
  await using opened = await openKnownRun(opening, run, pass);
  return await workOn(opened.work, async () => {
    await reopen(opened.work);
    return carryOut(opened, flags);
  });
}

async function reopen(collection: Collection): Promise<void> {
  const { sendable, unrendered } = await countFailures(collection);
  const { loaded: again, gone } = await reload(collection, 'failed');
  await restoreFollowers(collection);
  const { ledger, run, loaded, prepared } = collection;
  const reopened = await reopenRows({
    ledger,
    runId: run.runId,
    folder: run.folder,
    limits: chunkLimits(loaded.pipeline, prepared.provider.batches.limits),
    lines: prepared.requestLines,
    carriesFields: prepared.results.columns.carried.length > 0,
  });
  tell(collection, { again, reopened, gone, unsendable: sendable - reopened, unrendered });
}

async function countFailures({ ledger, run }: Collection) {
  let sendable = 0;
  let unrendered = 0;
  for await (const row of ledger.failedRows(run.runId)) {
    if (isSendable(row)) sendable += 1;
    if (row.stage === 'render') unrendered += 1;
  }
  return { sendable, unrendered };
}

interface Reopened {
  readonly again: number;
  readonly reopened: number;
  readonly gone: number;
  readonly unsendable: number;
  readonly unrendered: number;
}

function tell({ host, run }: Collection, { again, reopened, gone, unsendable, unrendered }: Reopened): void {
  const warn = (message: string) => host.emit({ type: 'Warned', message });
  host.emit({ type: 'RowsReopened', loaded: again, sent: reopened });
  if (gone > 0) warn(`${gone} answers are no longer kept, so they cannot be loaded again.`);
  if (unsendable > 0) warn(`${unsendable} requests are no longer kept, so they cannot be sent again.`);
  if (unrendered > 0) {
    warn(
      `${unrendered} rows failed before they could be sent; correct them or the pipeline, then use ${howToRead(run)}.`,
    );
  }
}

/** Where only what changed is read, a row that stays as it is would not be read again. */
function howToRead({ selection }: RunRecord): string {
  return selection.window === undefined
    ? '`pipeline run`'
    : '`pipeline run --full-refresh --where CONDITION`, with a condition that holds for them';
}

function notRetriedError({ runId, kind }: RunRecord): BatchlineError {
  if (kind === 'build') {
    return new BatchlineError('run_not_retried', `${runId} is a build; its requests are sent by hand.`, {
      hint: '`pipeline load FILE --results PATH` loads further results.',
      exitCode: 2,
    });
  }
  return new BatchlineError('run_not_retried', `Run ${runId} was cancelled.`, {
    hint: '`pipeline run FILE` begins another run, which sends what is not in the target.',
    exitCode: 2,
  });
}
