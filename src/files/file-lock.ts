import { DatabaseSync } from 'node:sqlite';
import { sleep } from '../core/async.ts';

/** Shared and exclusive locks exclude each other, as in any readers-writer lock. */
export type LockKind = 'shared' | 'exclusive';

/** https://sqlite.org/rescode.html#busy */
const sqliteBusy = 5;
const never = new AbortController().signal;

/**
 * Takes a lock that dies with its holder: a SQLite transaction on a file of its own, which the operating system
 * releases however the process ends. There is no lease to wait for and nothing to clean up by hand.
 *
 * @returns null where another holds it
 */
export function tryLock(path: string, kind: LockKind): Disposable | null {
  // SQLite would wait by blocking the whole process.
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // A read transaction takes its shared lock with the first statement, and holds it until it ends.
    database.exec(kind === 'shared' ? 'BEGIN; SELECT count(*) FROM sqlite_schema' : 'BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    // Anything else is a file that cannot be used at all.
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return null;
    throw error;
  }
  return { [Symbol.dispose]: () => database.close() };
}

/** @returns null where others have held it for all of `waitMs` */
export async function waitForLock(path: string, kind: LockKind, waitMs: number): Promise<Disposable | null> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const lock = tryLock(path, kind);
    if (lock !== null || performance.now() >= deadline) return lock;
    await sleep(20 + Math.random() * 30, never);
  }
}
