import { failedRowJson } from '../run/failed-rows-file.ts';
import { failureGroups } from '../run/failure-groups.ts';
import type { LedgerReader, RunRecord } from '../ledger/ledger.ts';
import type { CommandContext, Main } from './context.ts';
import { findRuns, sayWhich, type SeenRuns } from './find-run.ts';
import { counted } from './render/words.ts';

/** `pipeline errors [RUN]`: a run's failed rows with their reasons, a line each, or a line a reason. */
export const main: Main = async ([what], options, context) => {
  await using found: SeenRuns = await findRuns(what, options, context);
  const [run] = found.runs;
  if (run !== undefined) sayWhich(run, what, { options, context });
  const isJson = options['json'] === true;
  const list = options['by'] === undefined ? listRows : listGroups;
  const failed = run === undefined ? 0 : await list(found.ledger, run, isJson, context);
  if (failed === 0 && !isJson) context.print('No row failed.');
  return 0;
};

/** @returns how many lines were printed */
async function listRows(
  ledger: LedgerReader,
  { runId }: RunRecord,
  isJson: boolean,
  context: CommandContext,
): Promise<number> {
  let failed = 0;
  for await (const row of ledger.failedRows(runId)) {
    failed += 1;
    context.print(
      isJson
        ? JSON.stringify(failedRowJson(row))
        : `${row.key.join(', ')}  ${row.stage}  ${row.code}  ${row.message}`,
    );
  }
  return failed;
}

/** The same, by code, with one of the rows each. */
async function listGroups(
  ledger: LedgerReader,
  { runId }: RunRecord,
  isJson: boolean,
  context: CommandContext,
): Promise<number> {
  const groups = await failureGroups(ledger, runId);
  for (const { stage, code, rows, example } of groups) {
    const { key, message } = failedRowJson(example);
    context.print(
      isJson
        ? JSON.stringify({ stage, code, rows, key, message })
        : `${counted(rows, 'row')}  ${stage}  ${code}  ${example.key.join(', ')}: ${example.message}`,
    );
  }
  return groups.length;
}
