import type { LedgerReader } from '../ledger/ledger.ts';

/** Which way requests went under `mode: auto`, and why. */
export interface Decision {
  /** RFC 3339. */
  readonly at: string;
  readonly way: 'batch' | 'standard';
  readonly about: 'first' | 'again' | 'deadline';
  readonly reason: string;
}

/** What was decided in a run, in order. */
export async function decisionsOf(ledger: LedgerReader, runId: string): Promise<readonly Decision[]> {
  const decisions: Decision[] = [];
  for await (const event of ledger.events(runId, 0, 'WayChosen')) {
    if (event.type !== 'WayChosen') continue;
    const { at, way, about, reason } = event;
    decisions.push({ at: new Date(at).toISOString(), way, about, reason });
  }
  return decisions;
}
