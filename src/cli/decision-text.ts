import type { LedgerReader } from '../ledger/ledger.ts';
import { decisionsOf } from '../run/decisions.ts';
import { visible } from './render/words.ts';

/** What was decided in a run, a line each; empty where nothing was. */
export async function decisionText(ledger: LedgerReader, runId: string): Promise<string> {
  const decisions = await decisionsOf(ledger, runId);
  if (decisions.length === 0) return '';
  const lines = decisions.map(({ at, reason }) => `  ${at.slice(0, 19)}Z  ${visible(reason)}`);
  return ['what was decided', ...lines].join('\n');
}
