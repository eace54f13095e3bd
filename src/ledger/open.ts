import type { Ledger } from './ledger.ts';
import { copyLedger } from './sqlite/copy-ledger.ts';
import { openSqliteLedger } from './sqlite/open-ledger.ts';

/**
 * Opens the ledger of a state folder, which is made where it is missing.
 *
 * @throws BatchlineError `state_unwritable`, `ledger_too_old`, and from each of its methods `disk_full`
 */
export function openLedger(stateDir: string): Promise<Ledger> {
  return openSqliteLedger(stateDir);
}

/** Opens a copy, in a folder of its own, of a state folder's ledger, or an empty one; the state folder is left as it is. */
export async function openLedgerCopy(stateDir: string, folder: string): Promise<Ledger> {
  await copyLedger(stateDir, folder);
  return openSqliteLedger(folder);
}
