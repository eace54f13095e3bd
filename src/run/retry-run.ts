import { BatchlineError } from '../core/errors.ts';
import type { FailedRow, LedgerReader, RunRecord } from '../ledger/ledger.ts';
import { carryOut } from './carry-out.ts';
import type { Continuation } from './continue-run.ts';
import type { Collection } from '../job/job.ts';
import { chunkLimits } from '../job/settings.ts';
import { failureGroups, pendingGroups, type FailureGroup } from './failure-groups.ts';
import type { RunResult } from './finish-run.ts';
import { reload } from '../load/reload.ts';
import { isSendable, reopenRows } from '../batch/reopen-rows.ts';
import { restoreFollowers } from '../load/followers/restore-followers.ts';
import { noticing } from './notify/notices.ts';
import { openKnownRun } from './open-run.ts';
import { workOn } from './work-on.ts';

export interface Retry extends Continuation {
  /** Only rows that failed with this code; all failed rows where it is left out. */
  readonly code?: string | undefined;
}

/**
 * Reopens a run with fresh attempts: answers that could not be loaded are loaded again from disk, rows that the
 * provider failed, or answered badly, are sent again as they were. The caller holds the run's lock.
 *
 * @throws BatchlineError `run_not_retried` for a run that was cancelled, or whose requests are sent by hand;
 *   `unknown_code` where no row has failed with the code
 */
export async function retryRun({ pass, flags, code, ...opening }: Retry, run: RunRecord): Promise<RunResult> {
  if (run.kind === 'build' || run.status === 'cancelled' || run.cancelRequested) throw notRetriedError(run);
  if (code !== undefined) await requireCode(opening.ledger, run, code);
  return noticing(opening, run, async () => {
    await using opened = await openKnownRun(opening, run, pass);
    return await workOn(opened.work, async () => {
      await reopen(opened.work, (row) => code === undefined || row.code === code);
      return carryOut(opened, flags);
    });
  });
}

async function requireCode(ledger: LedgerReader, run: RunRecord, code: string): Promise<void> {
  const failed = await failureGroups(ledger, run.runId);
  if (failed.some((group) => group.code === code)) return;
  const waiting = await pendingGroups(ledger, run);
  throw new BatchlineError('unknown_code', `No row of run ${run.runId} failed with ${code}.`, {
    hint: waiting.some((group) => group.code === code)
      ? `Rows wait with it already: \`pipeline run ${run.path}\` goes on with them.`
      : listed(failed),
    exitCode: 2,
  });
}

function listed(groups: readonly FailureGroup[]): string {
  if (groups.length === 0) return 'None has failed.';
  return `The codes that there are: ${groups.map(({ code, rows }) => `${code} (${rows})`).join(', ')}.`;
}

type IsMeant = (row: FailedRow) => boolean;

async function reopen(collection: Collection, isMeant: IsMeant): Promise<void> {
  const { sendable, unrendered } = await countFailures(collection, isMeant);
  const { loaded: again, gone } = await reload(collection, 'failed', isMeant);
  await restoreFollowers(collection);
  const { ledger, run, loaded, prepared } = collection;
  const reopened = await reopenRows({
    ledger,
    runId: run.runId,
    folder: run.folder,
    limits: chunkLimits(loaded.pipeline, prepared.provider.batches.limits),
    lines: prepared.requestLines,
    carriesFields: prepared.results.columns.carried.length > 0,
    isMeant,
  });
  tell(collection, { again, reopened, gone, unsendable: sendable - reopened, unrendered });
}

async function countFailures({ ledger, run }: Collection, isMeant: IsMeant) {
  let sendable = 0;
  let unrendered = 0;
  for await (const row of ledger.failedRows(run.runId)) {
    if (!isMeant(row)) continue;
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
