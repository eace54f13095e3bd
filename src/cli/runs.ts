import type { RunRecord } from '../ledger/ledger.ts';
import { seeRun } from '../run/seen-run.ts';
import { summarize, type RunSummary } from '../run/summary.ts';
import type { Main } from './context.ts';
import { findRuns, type SeenRuns } from './find-run.ts';
import { renderTable } from './render/table.ts';
import { dollars } from './render/words.ts';

const columns = ['run', 'pipeline', 'status', 'started', 'rows', 'ok', 'failed', 'pending', 'cost'];

/** `pipeline runs [FILE]`: the history, newest first. */
export const main: Main = async ([what], options, context) => {
  await using found: SeenRuns = await findRuns(what, options, context);
  const history: PastRun[] = [];
  for (const past of found.runs) {
    const { run } = await seeRun(found.ledger, past);
    history.push({ run, summary: await summarize(found.ledger, run) });
  }
  if (options['json'] === true) context.print(JSON.stringify(history.map(toJson)));
  else if (history.length === 0) context.print('There are no runs yet.');
  else context.print(renderTable(columns, history.map(toRow), context.stdout.columns, [0]));
  return 0;
};

interface PastRun {
  readonly run: RunRecord;
  readonly summary: RunSummary;
}

/** The summary, and what only a history tells. */
function toJson({ run, summary }: PastRun) {
  const { kind, target, startedAt, endedAt } = run;
  return {
    ...summary,
    kind,
    target,
    started_at: new Date(startedAt).toISOString(),
    ended_at: endedAt === null ? null : new Date(endedAt).toISOString(),
  };
}

function toRow({ run, summary: { rows, cost_usd: cost } }: PastRun): readonly string[] {
  return [
    run.runId,
    run.pipeline,
    run.status.replaceAll('_', ' '),
    `${new Date(run.startedAt).toISOString().slice(0, 16).replace('T', ' ')}Z`,
    String(rows.requested),
    String(rows.ok),
    String(rows.failed),
    String(rows.pending),
    cost === null ? 'unknown' : dollars(cost),
  ];
}
