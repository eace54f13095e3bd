import type { MaxFailedRows } from '../config/failed-rows.ts';
import type { EventListener } from '../core/events.ts';
import type { SinkSample } from '../core/sink.ts';
import type { RowCounts } from '../ledger/ledger.ts';
import { summarizeAt } from './at-work.ts';
import type { Collection } from '../job/job.ts';
import { deleteGone, deletesGone, emptySource } from '../load/delete-gone.ts';
import { fillTarget } from '../load/fill-target.ts';
import type { Started } from './open-run.ts';
import type { RunSummary } from './summary.ts';

/** The flags that say what makes a good end. */
export interface EndFlags {
  readonly maxFailedRows?: MaxFailedRows | undefined;
  readonly yes?: boolean | undefined;
}

export interface RunResult {
  readonly summary: RunSummary;
  /** 3 where batches are still under way. */
  readonly exitCode: 0 | 1 | 3;
  /** The sink's first rows; none before the run has ended. */
  readonly sample: SinkSample;
  /** Rows of the target that went because their source row is gone; null where none was to. */
  readonly deleted: number | null;
  readonly target: string;
  /** What is to be said of the prices that its cost is reckoned by; null where nothing is. */
  readonly priceRemark: string | null;
  readonly stateDir: string;
  readonly isEmulator: boolean;
  /** Whether only rows that changed since an earlier run were read. */
  readonly isWindowed: boolean;
}

const sampleRows = 10;
const noSample: SinkSample = { columns: [], rows: [] };

/** Makes what a run has loaded visible, as far as its failed rows allow: nothing of it is under way any more. */
export async function finishRun(work: Started<Collection>, flags: EndFlags): Promise<RunResult> {
  const { ledger, run, loaded, prepared } = work;
  const limit = flags.maxFailedRows ?? loaded.pipeline.max_failed_rows;
  let rows = await ledger.rowCounts(run.runId);
  if (rows.pending !== 0) throw new Error(`Run ${run.runId} ended with ${rows.pending} rows pending.`);
  await requireRows(work, flags, rows);
  if (isWithinLimit(rows, limit)) rows = await fillTarget(work);
  const isGood = isWithinLimit(rows, limit);
  if (isGood) await prepared.sink.finish(rows.ok);
  else warnOfOldTarget(work);
  await prepared.sink.restore?.();
  const deleted = isGood ? await deleteGone(work, flags.yes === true) : null;
  warnOfAnswers(work.host.emit, rows);
  const summary = await summarizeAt(work, rows.failed === 0 ? 'completed' : 'completed_with_failures');
  warnOfDeadline(work.host.emit, summary);
  return {
    ...placeOf(work),
    summary,
    exitCode: isGood ? 0 : 1,
    deleted,
    // A target that was not replaced holds nothing of this run, and may not exist.
    sample: isGood || !prepared.sink.isReplaced ? await prepared.sink.sample(sampleRows) : noSample,
  };
}

/** Leaves a run of which batches are under way to another process. */
export async function leaveUnfinished(work: Started<Collection>): Promise<RunResult> {
  const summary = await summarizeAt(work, 'waiting');
  return { ...placeOf(work), summary, exitCode: 3, sample: noSample, deleted: null };
}

function placeOf({ run, loaded, prepared }: Collection) {
  return {
    target: prepared.sink.target,
    priceRemark: prepared.prices.at(run.startedAt).remark,
    stateDir: loaded.stateDir,
    isEmulator: prepared.isEmulator,
    isWindowed: run.selection.window !== undefined,
  };
}

/** Whether the failed rows are within what the pipeline allows; a share is one of the answered rows. */
export function isWithinLimit(rows: Pick<RowCounts, 'ok' | 'failed'>, limit: MaxFailedRows): boolean {
  if ('rows' in limit) return rows.failed <= limit.rows;
  return rows.failed <= (rows.ok + rows.failed) * limit.share;
}

/** Tells how many of the answers that were loaded are not what the model wrote, or not all that it would have. */
export function warnOfAnswers(emit: EventListener, { repaired, truncated }: RowCounts): void {
  const tell = (count: number, what: string): void => {
    const answers = count === 1 ? 'One answer was' : `${count} answers were`;
    if (count > 0) emit({ type: 'Warned', message: `${answers} ${what}` });
  };
  tell(repaired, 'no JSON until repaired (request.output.repair).');
  tell(
    truncated,
    'cut off at the token limit and kept as they are; raise request.params.max_tokens, or what this model calls it.',
  );
}

function warnOfDeadline(emit: EventListener, { deadline }: RunSummary): void {
  if (deadline?.met !== false) return;
  const lateMs = Date.now() - Date.parse(deadline.at);
  const message = `The deadline ${deadline.at} was missed by ${Math.ceil(lateMs / 1000).toLocaleString('en-US')} s.`;
  emit({ type: 'Warned', message });
}

/** Whether the target stands for the whole source, so that a source without rows would empty it. */
function standsForSource(work: Collection): boolean {
  return work.prepared.sink.isReplaced || deletesGone(work);
}

/** Nothing was sent, so what was read is forgotten: the next `run` looks whether there are rows by then. */
async function requireRows(work: Collection, flags: EndFlags, { records }: RowCounts): Promise<void> {
  const { ledger, run, prepared } = work;
  if (records > 0 || flags.yes === true || !standsForSource(work)) return;
  await ledger.discardReading(run.runId);
  throw emptySource(prepared.sink.target);
}

function warnOfOldTarget(work: Collection): void {
  if (!standsForSource(work)) return;
  const { prepared, host } = work;
  const { target } = prepared.sink;
  const what = prepared.sink.isReplaced ? `${target} was not replaced` : `Nothing was deleted from ${target}`;
  host.emit({ type: 'Warned', message: `${what}: more rows failed than max_failed_rows allows.` });
}
