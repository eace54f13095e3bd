import type { Ledger } from '../../src/ledger/ledger.ts';

/** Creates a run of which nothing but its id matters. */
export async function createRun(ledger: Ledger, runId: string): Promise<void> {
  await ledger.createRun({
    runId,
    pipeline: 'p',
    kind: 'run',
    fingerprint: '',
    fingerprintParts: {},
    folder: '',
    target: 't',
    path: 'p.yaml',
    schema: { fields: [], keyFields: [] },
    startedAt: 0,
  });
}
