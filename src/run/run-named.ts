import { BatchlineError } from '../core/errors.ts';
import type { LedgerReader, RunRecord } from '../ledger/ledger.ts';

const mostListed = 10;

/**
 * The run that an id names, or the beginning of one that no other run shares.
 *
 * @throws BatchlineError `unknown_run`, `ambiguous_run`
 */
export async function runNamed(ledger: LedgerReader, id: string, stateDir: string): Promise<RunRecord> {
  const run = await ledger.run(id);
  if (run !== null) return run;
  const found = id === '' ? [] : (await ledger.runs()).filter(({ runId }) => runId.startsWith(id));
  const [only] = found;
  if (only === undefined) throw unknownRun(id, stateDir);
  if (found.length > 1) throw ambiguousRun(id, stateDir, found);
  return only;
}

/** @param of which pipeline's, where only its runs will do */
export function unknownRun(id: string, stateDir: string, of = ''): BatchlineError {
  return new BatchlineError('unknown_run', `There is no run ${id}${of} in this state folder.`, {
    where: stateDir,
    hint: '`pipeline runs` lists the runs; --state names another folder.',
    exitCode: 2,
  });
}

function ambiguousRun(id: string, stateDir: string, runs: readonly RunRecord[]): BatchlineError {
  const shown = runs.slice(0, mostListed).map(({ runId }) => `\n  ${runId}`);
  const more = runs.length > mostListed ? `\n  and ${runs.length - mostListed} more` : '';
  return new BatchlineError(
    'ambiguous_run',
    `${runs.length} runs begin with ${id}:${shown.join('')}${more}`,
    { where: stateDir, hint: 'Give more of its id.', exitCode: 2 },
  );
}
