import { summarize } from '../run/summary.ts';
import type { Main } from './context.ts';
import { findRuns, type SeenRuns } from './find-run.ts';
import { summaryText } from './summary-text.ts';

/** `pipeline status [RUN or FILE]`: runs, batches and row counts from the ledger alone. */
export const main: Main = async ([what], options, context) => {
  await using found: SeenRuns = await findRuns(what, options, context);
  const runs = what === undefined ? found.runs : found.runs.slice(0, 1);
  const summaries = await Promise.all(runs.map((run) => summarize(found.ledger, run)));
  if (options['json'] === true)
    context.print(JSON.stringify(what === undefined ? summaries : (summaries[0] ?? null)));
  else if (summaries.length === 0) context.print('There are no runs yet.');
  else {
    const texts = summaries.map((summary, at) => summaryText(summary, runs[at]?.selection.window));
    context.print(texts.join('\n\n'));
  }
  return 0;
};
