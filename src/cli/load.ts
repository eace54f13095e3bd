import { BatchlineError } from '../core/errors.ts';
import { loadBuild } from '../run/build/load-build.ts';
import { loadRun } from '../run/load-run.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import type { Main } from './context.ts';
import { noteKnownRun } from './failed-run.ts';
import { loadFor, withProgress } from './pipeline-command.ts';
import { counted } from './render/words.ts';
import { runReports } from './run-report.ts';

/** `pipeline load FILE`: loads results that were made elsewhere, or a past run's saved answers again. */
export const main: Main = async ([file = ''], options, context) => {
  const runId = options['run'] as string | undefined;
  const flags = {
    build: options['build'] as string | undefined,
    results: options['results'] as readonly string[] | undefined,
    final: options['final'] === true,
  };
  if ((runId === undefined) === (flags.results === undefined)) throw eitherOr();
  const loaded = await loadFor(file, options, context);
  const onRun = (run: RunRecord): void =>
    noteKnownRun(context, { runId: run.runId, stateDir: loaded.stateDir });
  const { summary, exitCode } = await withProgress(options, context, (host) =>
    runId === undefined
      ? loadBuild(loaded, { ...flags, results: flags.results ?? [], onRun }, host)
      : loadRun(loaded, runId, { onRun }, host),
  );
  if (options['json'] === true) context.print(JSON.stringify(summary));
  else if (options['quiet'] !== true) context.print(await runReports([summary], loaded.stateDir));
  if (exitCode === 3 && options['json'] !== true) {
    context.print(
      `Without a result so far: ${counted(summary.rows.pending, 'row')}; load more, or pass --final to give up.`,
    );
  }
  return exitCode;
};

function eitherOr(): BatchlineError {
  return new BatchlineError('usage', 'What is to be loaded is not clear.', {
    hint: 'Give either --results PATH..., for results made elsewhere, or --run RUN, for answers of a past run.',
    exitCode: 2,
  });
}
