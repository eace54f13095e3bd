import { failedRowJson } from '../run/failed-rows-file.ts';
import type { Main } from './context.ts';
import { findRuns, sayWhich, type SeenRuns } from './find-run.ts';

/** `pipeline errors RUN`: a run's failed rows with their reasons, a line each. */
export const main: Main = async ([what], options, context) => {
  await using found: SeenRuns = await findRuns(what, options, context);
  const [run] = found.runs;
  let failed = 0;
  if (run !== undefined) {
    sayWhich(run, what, { options, context });
    for await (const row of found.ledger.failedRows(run.runId)) {
      failed += 1;
      context.print(
        options['json'] === true
          ? JSON.stringify(failedRowJson(row))
          : `${row.key.join(', ')}  ${row.stage}  ${row.code}  ${row.message}`,
      );
    }
  }
  if (failed === 0 && options['json'] !== true) context.print('No row failed.');
  return 0;
};
