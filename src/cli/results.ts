import { BatchlineError } from '../core/errors.ts';
import { loadedKeys, withTargetOf } from '../run/run-rows.ts';
import { openSink } from '../job/open-parts.ts';
import { columnsOf } from '../job/result-columns.ts';
import type { Main } from './context.ts';
import { findRuns, sayWhich } from './find-run.ts';
import { loadForRun, withProgress } from './pipeline-command.ts';
import { renderTable } from './render/table.ts';

const standardCount = 10;

/** `pipeline results [RUN]`: rows as they now are in the sink. */
export const main: Main = async ([what], options, context) => {
  await using found = await findRuns(what, options, context);
  const [run] = found.runs;
  if (run === undefined) {
    throw new BatchlineError('no_runs', 'There is no run whose results could be shown.', {
      hint: 'Run the pipeline first: pipeline run FILE.',
      exitCode: 2,
    });
  }
  sayWhich(run, what, { options, context });
  const loaded = withTargetOf(await loadForRun(run, options, context), run);
  const count = (options['count'] as number | undefined) ?? standardCount;
  const wanted = await loadedKeys(found.ledger, run, count);
  const sample = await withProgress(options, context, async (host) => {
    await using sink = await openSink(
      loaded,
      run.schema,
      columnsOf(loaded.pipeline, run.schema.fields),
      host,
    );
    // Awaited here, since the sink is closed at the end of the block.
    if (run.target !== sink.target)
      context.stderr.write(`in ${sink.target}, not in ${run.target}, where the run went\n`);
    return await sink.sample(count, wanted);
  });
  context.print(renderTable(sample.columns, sample.rows, context.stdout.columns));
  return 0;
};
