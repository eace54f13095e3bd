import { chmod } from 'node:fs/promises';
import { waitForLock } from './file-lock.ts';

/**
 * Takes a lock file that is readable by its owner alone.
 *
 * @param waitMs how long to wait for another holder
 * @returns null where another process holds it
 */
export async function acquireLock(path: string, waitMs = 0): Promise<AsyncDisposable | null> {
  const lock = await waitForLock(path, 'exclusive', waitMs);
  if (lock === null) return null;
  await chmod(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      lock[Symbol.dispose]();
    },
  };
}
