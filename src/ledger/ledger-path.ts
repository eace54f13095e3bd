import { join } from 'node:path';

/** The file in which a state folder keeps its ledger. */
export function ledgerPath(stateDir: string): string {
  return join(stateDir, 'ledger.db');
}
