import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError } from '../core/errors.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import { partialFlag, type RequestFlags } from './fingerprint.ts';

/** @throws BatchlineError where some of the rows would replace a target that stands for all of them */
export function requireWholeSource(
  { pipeline, isRedirected }: LoadedPipeline,
  sink: OpenedSink,
  flags: RequestFlags,
): void {
  const flag = partialFlag(flags);
  const deletes = pipeline.sink['deleted'] === 'delete';
  if (flag === null || isRedirected || !(sink.isReplaced || deletes)) return;
  if (deletes) {
    const message = `${flag} reads some of the rows, and \`deleted: delete\` would delete all others.`;
    throw partialSource(sink, message, 'table=trial');
  }
  throw partialSource(sink, `${flag} would replace the whole target by some of its rows.`, 'path=sample.csv');
}

/** The same for a run whose batches were adopted: rows that were not sent, or whose batches are gone, are not in it. */
export function requireWholeRun(
  { isRedirected }: LoadedPipeline,
  sink: OpenedSink,
  { runId, selection }: Pick<RunRecord, 'runId' | 'selection'>,
): void {
  if (selection.isAdopted !== true || isRedirected || !sink.isReplaced) return;
  const message = `Run ${runId} is recovered and may lack rows, so it would replace the whole target by some of its rows.`;
  throw partialSource(sink, message, 'path=recovered.csv');
}

function partialSource({ target }: OpenedSink, message: string, example: string): BatchlineError {
  const hint = `Name another target for them, as in --set sink.${example}.`;
  return new BatchlineError('partial_source', message, { where: target, hint, exitCode: 2 });
}
