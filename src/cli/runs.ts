import { summarize } from '../run/summary.ts';
import type { CommandContext } from './context.ts';
import { findRuns } from './find-run.ts';
import { renderTable } from './render/table.ts';

const columns = ['run', 'pipeline', 'status', 'started', 'rows', 'ok', 'failed', 'pending'];

/** `pipeline runs [FILE]`: the history, newest first. */
export async function main(
  [what]: string[],
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<number> {
  await using found = await findRuns(what, options, context);
  const rows: (readonly string[])[] = [];
  for (const run of found.runs) {
    const { rows: counts } = await summarize(found.ledger, run);
    rows.push([
      run.runId,
      run.pipeline,
      run.status.replaceAll('_', ' '),
      `${new Date(run.startedAt).toISOString().slice(0, 16).replace('T', ' ')}Z`,
      String(counts.requested),
      String(counts.ok),
      String(counts.failed),
      String(counts.pending),
    ]);
  }
  context.print(rows.length === 0 ? 'There are no runs yet.' : renderTable(columns, rows, 160));
  return 0;
}
