import { isAtProvider } from '../ledger/chunk-state.ts';
import type { LedgerReader } from '../ledger/ledger.ts';
import { count } from './render/words.ts';

/** What the end of a run has left behind, and which command brings it home; empty where that is nothing. */
export async function leftText(ledger: LedgerReader, runId: string, stateDir: string): Promise<string> {
  const run = await ledger.run(runId);
  if (run?.status !== 'cancelled') return '';
  const states = (await ledger.chunks(runId)).map(({ state }) => state);
  const batches = states.filter(isAtProvider).length;
  const answers = states.filter((state) => state === 'downloaded').length;
  const lines: string[] = [];
  if (batches > 0)
    lines.push(
      `  batches that could not be reached: ${count(batches)}; pipeline cancel ${runId} --state ${stateDir} takes them up`,
    );
  if (answers > 0)
    lines.push(
      `  files of answers that could not be loaded: ${count(answers)}; pipeline load ${run.path} --run ${runId} loads them`,
    );
  return lines.length === 0 ? '' : ['left behind', ...lines].join('\n');
}
