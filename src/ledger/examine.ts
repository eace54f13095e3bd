import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { errorMessage } from '../core/errors.ts';
import { ledgerPath } from './ledger-path.ts';

/** What is wrong with the ledger of a state folder; null where it is sound, or not there. Changes nothing. */
export function examineLedger(stateDir: string): string | null {
  const path = ledgerPath(stateDir);
  if (!existsSync(path)) return null;
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    const said = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    return said === 'ok' ? null : String(said);
  } catch (error) {
    return errorMessage(error);
  }
}

/** The ids of the last runs, newest first; none where they cannot be read. Changes nothing. */
export function runIds(stateDir: string): readonly string[] {
  const path = ledgerPath(stateDir);
  if (!existsSync(path)) return [];
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 100 });
    return database
      .prepare('SELECT run_id FROM runs ORDER BY run_id DESC LIMIT 100')
      .all()
      .map((row) => String(row['run_id']));
  } catch {
    return [];
  }
}
