import { resolve } from 'node:path';
import { BatchlineError } from '../core/errors.ts';
import { exists } from '../files/exists.ts';
import type { Ledger, LedgerReader, RunRecord } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';
import type { CommandContext } from './context.ts';
import { isJsonLog } from './log-line.ts';
import { runNamed } from '../run/run-named.ts';
import { loadFor } from './pipeline-command.ts';
import { ledgerPath } from '../ledger/ledger-path.ts';

/** The runs that a command's argument means, newest first, for a command that only looks at them. */
export interface SeenRuns extends AsyncDisposable {
  readonly ledger: LedgerReader;
  readonly stateDir: string;
  readonly runs: readonly RunRecord[];
}

/** The same for one that works on them. */
export interface FoundRuns extends SeenRuns {
  readonly ledger: Ledger;
}

const isPipelineFile = /\.ya?ml$/i;

/**
 * Finds the runs that an argument names: one run by its id or the beginning of it, all runs of a pipeline by its
 * file, all runs of the state folder where there is none.
 *
 * @throws BatchlineError `unknown_run`, `ambiguous_run`, `no_state`
 */
export async function findRuns(
  what: string | undefined,
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<FoundRuns> {
  if (what !== undefined && isPipelineFile.test(what)) {
    const loaded = await loadFor(what, options, context);
    const ledger = await openExisting(loaded.stateDir);
    return found(ledger, loaded.stateDir, await ledger.runs(loaded.name));
  }
  const stateDir = resolve(context.cwd, (options['state'] as string | undefined) ?? '.pipeline');
  const ledger = await openExisting(stateDir);
  if (what === undefined) return found(ledger, stateDir, await ledger.runs());
  try {
    return found(ledger, stateDir, [await runNamed(ledger, what, stateDir)]);
  } catch (error) {
    await ledger[Symbol.asyncDispose]();
    throw error;
  }
}

/** Says which run a command is about, where it was given none by its id. */
export function sayWhich(
  { runId, pipeline }: RunRecord,
  what: string | undefined,
  { options, context }: { readonly options: Record<string, unknown>; readonly context: CommandContext },
): void {
  if (what !== undefined && !isPipelineFile.test(what)) return;
  if (options['quiet'] === true || isJsonLog(options)) return;
  context.stderr.write(`the latest run: ${runId} of ${pipeline}\n`);
}

function found(ledger: Ledger, stateDir: string, runs: readonly RunRecord[]): FoundRuns {
  return { ledger, stateDir, runs, [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose]() };
}

/** Opens a ledger that exists; looking at a state must not make one. */
async function openExisting(stateDir: string): Promise<Ledger> {
  if (await exists(ledgerPath(stateDir))) return openLedger(stateDir);
  throw new BatchlineError('no_state', 'There are no runs here yet.', {
    where: stateDir,
    hint: 'Name the pipeline file, or its state folder with --state.',
    exitCode: 2,
  });
}
