import type { MaxFailedRows } from '../config/failed-rows.ts';
import type { RunResult } from '../run/finish-run.ts';
import { runPipeline } from '../run/run-pipeline.ts';
import type { CommandContext, Main } from './context.ts';
import { loadFor, requestFlags, withDraining } from './pipeline-command.ts';
import { counted } from './render/words.ts';
import { renderTable } from './render/table.ts';
import { runReports } from './run-report.ts';
import { syntheticNote } from './synthetic-note.ts';

/** `pipeline run FILE`: the whole job, from the source's rows to the sink's. */
export const main: Main = async ([file = ''], options, context) => {
  const set = [...((options['set'] ?? []) as readonly string[]), ...modeOverride(options['mode'])];
  const loaded = await loadFor(file, { ...options, set }, context);
  const flags = {
    ...requestFlags(options),
    newRun: options['newRun'] as boolean | undefined,
    maxFailedRows: options['maxFailedRows'] as MaxFailedRows | undefined,
    noWait: options['wait'] === false,
    noBreaker: options['breaker'] === false,
    yes: options['yes'] as boolean | undefined,
  };
  const result = await withDraining(options, context, (host) => runPipeline(loaded, flags, host));
  if (options['json'] === true) context.print(JSON.stringify(result.summary));
  else if (options['quiet'] !== true) {
    await report(result, file, context);
    if (result.isEmulator && result.exitCode !== 3)
      context.print(`\n${syntheticNote(file, result.target, loaded, set)}`);
  }
  return result.exitCode;
};

function modeOverride(mode: unknown): readonly string[] {
  return typeof mode === 'string' ? [`mode=${mode}`] : [];
}

async function report(result: RunResult, file: string, context: CommandContext): Promise<void> {
  const { summary, sample, target, deleted, isWindowed, stateDir, priceRemark } = result;
  const { rows } = summary;
  context.print(`\n${await runReports([summary], stateDir, { remark: priceRemark })}`);
  if (result.exitCode === 3) {
    context.print(`\nBatches are under way. Bring them home with: pipeline collect ${file}`);
    return;
  }
  if (rows.records === 0 && isWindowed)
    context.print('\nNo row has changed since the last run; nothing was sent.');
  else if (rows.records === 0) context.print('\nThe source has no rows; nothing was sent.');
  else if (rows.requested === 0) context.print('\nNothing was sent: no row is new or changed.');
  if (deleted !== null)
    context.print(`\nDeleted from ${target}: ${counted(deleted, 'row')} whose source row is gone.`);
  if (sample.rows.length > 0) {
    const first = sample.rows.length === 1 ? 'row' : `${sample.rows.length} rows`;
    context.print(`\n${target}, the first ${first}:\n`);
    context.print(renderTable(sample.columns, sample.rows, context.stdout.columns));
  }
}
