import { DatabaseSync } from 'node:sqlite';
import { chmod } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { errorCode } from '../core/errors.ts';

/**
 * A lock that dies with its holder: an exclusive SQLite transaction on a file of its own, which the operating system
 * releases however the process ends. There is no lease to wait for and nothing to clean up by hand.
 *
 * @param waitMs how long to wait for another holder
 * @returns null where another process holds it
 */
export async function acquireLock(path: string, waitMs = 0): Promise<AsyncDisposable | null> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
      await chmod(path, 0o600);
      return {
        async [Symbol.asyncDispose]() {
          database.close();
        },
      };
    } catch (error) {
      database.close();
      if (errorCode(error) !== 'ERR_SQLITE_ERROR' || Date.now() >= deadline) return locked(error);
    }
    await wait(50);
  }
}

function locked(error: unknown): null {
  // SQLITE_BUSY is 5; anything else is a file that cannot be used at all.
  if (error instanceof Error && 'errcode' in error && error.errcode === 5) return null;
  throw error;
}
