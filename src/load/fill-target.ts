import { BatchlineError } from '../core/errors.ts';
import type { RowCounts } from '../ledger/ledger.ts';
import type { Loading } from '../job/job.ts';
import { reload } from './reload.ts';
import { savedFiles } from '../batch/saved-files.ts';

type Filling = Pick<Loading, 'ledger' | 'run' | 'prepared'>;

/**
 * Sees to it that a target which is replaced as a whole can be: where what was loaded for the run is not all there (the
 * target got its name long ago, a crash broke off its rewriting, another run has used the same file), the saved answers
 * are loaded anew, every one of them. The ledger says what must be there, so that a crash in here is made good by
 * whoever comes next.
 *
 * @returns the run's rows as they are now: an edited sink may refuse some
 * @throws BatchlineError `answers_gone`
 */
export async function fillTarget(loading: Loading): Promise<RowCounts> {
  const { ledger, run, prepared } = loading;
  const rows = await ledger.rowCounts(run.runId);
  if (await prepared.sink.holds(rows.ok, run.runId)) return rows;
  await requireAnswers(loading);
  await prepared.sink.restart();
  await reload(loading, 'all');
  return ledger.rowCounts(run.runId);
}

/**
 * For before anything is bought that could not be brought into the target, and before what is in it is thrown away.
 *
 * @throws BatchlineError `answers_gone` where the target will have to be filled anew and cannot be
 */
export async function requireFillable(filling: Filling): Promise<void> {
  const { ledger, run, prepared } = filling;
  if (!prepared.sink.isReplaced || (await ledger.rowCounts(run.runId)).ok === 0) return;
  if (!(await prepared.sink.continues(run.runId))) await requireAnswers(filling);
}

/** @throws BatchlineError `answers_gone` where not every answer of the run is kept */
export async function requireAnswers({ ledger, run, prepared }: Filling): Promise<void> {
  let gone = 0;
  for (const { chunk, ok, followedOk } of await ledger.chunks(run.runId)) {
    const answers = ok + followedOk;
    if (answers > 0 && (await savedFiles(run.folder, chunk)).length === 0) gone += answers;
  }
  if (gone === 0) return;
  const { target } = prepared.sink;
  throw new BatchlineError(
    'answers_gone',
    `${target} is replaced as a whole, and ${gone} answers of run ${run.runId} are no longer kept, so it cannot be written again.`,
    {
      where: target,
      hint: `Its rows stay as they are. Where \`sink\` was edited, undo that; else \`pipeline run FILE --new-run\` sends all of them again; with \`keep_files: loaded\`, and until \`pipeline gc\`, the answers are kept.`,
      exitCode: 2,
    },
  );
}
