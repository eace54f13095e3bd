import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { diskFault } from '../../files/disk.ts';
import { requireFile } from './still-there.ts';

/** Runs a statement that writes. @throws BatchlineError `disk_full` */
export function write(
  database: DatabaseSync,
  statement: string,
  values: Readonly<Record<string, SQLInputValue>>,
): void {
  explaining(database, () => database.prepare(statement).run({ ...values }));
}

/** The same for one that says what it has written. */
export function writeReturning(
  database: DatabaseSync,
  statement: string,
  values: Readonly<Record<string, SQLInputValue>>,
): readonly Record<string, SQLOutputValue>[] {
  // To the last row: only then is it certain that the whole was committed.
  return explaining(database, () => database.prepare(statement).all({ ...values }));
}

/** Runs the work in one transaction, undone where it throws. @throws BatchlineError `disk_full` */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  return explaining(database, () => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk may have rolled it back already.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  });
}

function explaining<T>(database: DatabaseSync, work: () => T): T {
  requireFile(database);
  try {
    return work();
  } catch (error) {
    throw diskFault(error, database.location() ?? '') ?? error;
  }
}
