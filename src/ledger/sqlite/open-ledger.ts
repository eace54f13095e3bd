import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BatchlineError, errorMessage } from '../../core/errors.ts';
import { diskFault } from '../../files/disk.ts';
import { makeFolder } from '../../files/make-folder.ts';
import type { Ledger } from '../ledger.ts';
import { SqliteLedger } from './ledger.ts';
import { rememberFile } from './still-there.ts';
import { writeAhead } from './write-ahead.ts';
import { ledgerPath } from '../ledger-path.ts';

/**
 * Opens the ledger in a state folder, which is made where it is missing, readable by its owner alone.
 *
 * @throws BatchlineError `state_unwritable`, `ledger_too_old`, and from each of its methods `disk_full`
 */
export async function openSqliteLedger(stateDir: string): Promise<Ledger> {
  try {
    await makeFolder(join(stateDir, 'runs'), 0o700);
    const path = ledgerPath(stateDir);
    const database = new DatabaseSync(path, { timeout: 10_000 });
    // SQLite gives the files that it makes beside it the same rights.
    await chmod(path, 0o600);
    await writeAhead(database);
    rememberFile(database);
    return new SqliteLedger(database, path);
  } catch (error) {
    if (error instanceof BatchlineError) throw error;
    const full = diskFault(error, stateDir);
    if (full !== null) throw full;
    throw new BatchlineError('state_unwritable', `The state folder cannot be used: ${errorMessage(error)}`, {
      where: stateDir,
      hint: 'Make the folder writable for this user, or name another one with `state:`.',
      exitCode: 2,
      cause: error,
    });
  }
}
