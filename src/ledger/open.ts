import type { Ledger } from './ledger.ts';
import { openSqliteLedger } from './sqlite/open-ledger.ts';

/**
 * Opens the ledger of a state folder, which is made where it is missing.
 *
 * @throws BatchlineError `state_unwritable`, `ledger_too_old`, and from each of its methods `disk_full`
 */
export function openLedger(stateDir: string): Promise<Ledger> {
  return openSqliteLedger(stateDir);
}
