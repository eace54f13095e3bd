import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BatchlineError } from '../../core/errors.ts';
import { isObject } from '../json.ts';

/** https://sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

/**
 * Takes the folder for this process alone. The lock is an exclusive transaction that is never committed, so the
 * operating system releases it when the process dies, however it dies.
 *
 * @throws BatchlineError `emulator_running` where another emulator holds the folder
 */
export function lockFolder(folder: string): Disposable {
  const database = new DatabaseSync(join(folder, 'emulator.lock'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isObject(error) || error['errcode'] !== sqliteBusy) throw error;
    throw new BatchlineError('emulator_running', 'another emulator already uses this folder', {
      where: folder,
      hint: 'Use the one that runs, or give this one a folder of its own.',
      retryable: true,
      cause: error,
    });
  }
  return { [Symbol.dispose]: () => database.close() };
}

/** Whether no emulator holds the folder at this moment. */
export function isFolderFree(folder: string): boolean {
  try {
    using _lock = lockFolder(folder);
    return true;
  } catch {
    return false;
  }
}
