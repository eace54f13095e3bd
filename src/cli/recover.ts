import { recoverRuns } from '../run/recover/recover-runs.ts';
import type { Main } from './context.ts';
import { loadFor, withDraining } from './pipeline-command.ts';
import { runReports } from './run-report.ts';

/** `pipeline recover FILE`: adopts batches whose state folder was lost. */
export const main: Main = async ([file = ''], options, context) => {
  const loaded = await loadFor(file, options, context);
  const noWait = options['wait'] === false;
  const batches = (options['batch'] ?? []) as readonly string[];
  const { results, leftAlone, settled } = await withDraining(options, context, (host) =>
    recoverRuns(loaded, { noWait, batches }, host),
  );
  const summaries = results.map(({ summary }) => summary);
  if (options['json'] === true) context.print(JSON.stringify(summaries));
  else if (leftAlone > 0)
    context.print(`${leftAlone} batches were left alone: it is not known which rows they hold.`);
  else if (settled > 0 && summaries.length === 0)
    context.print(`${settled} batches were taken for the run; pipeline run ${file} goes on with it.`);
  else if (summaries.length === 0)
    context.print('The provider has no batches of this pipeline that are unknown here and needed.');
  if (summaries.length > 0 && options['json'] !== true && options['quiet'] !== true)
    context.print(await runReports(summaries, loaded.stateDir));
  const codes = results.map(({ exitCode }) => exitCode);
  if (leftAlone > 0) return 1;
  return codes.find((code) => code === 1) ?? codes.find((code) => code === 3) ?? 0;
};
