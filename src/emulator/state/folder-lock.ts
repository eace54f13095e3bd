import { join } from 'node:path';
import { BatchlineError } from '../../core/errors.ts';
import { tryLock } from '../../files/file-lock.ts';

/**
 * Takes the folder for this process alone.
 *
 * @throws BatchlineError `emulator_running` where another emulator holds the folder
 */
export function lockFolder(folder: string): Disposable {
  const lock = tryLock(join(folder, 'emulator.lock'), 'exclusive');
  if (lock !== null) return lock;
  throw new BatchlineError('emulator_running', 'another emulator already uses this folder', {
    where: folder,
    hint: 'Use the one that runs, or give this one a folder of its own.',
    retryable: true,
  });
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
