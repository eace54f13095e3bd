import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BatchlineError } from '../core/errors.ts';
import { sleep } from '../core/async.ts';

/** How long SQLite itself waits; it blocks the whole process, so that longer waits are made of sleeps. */
const busyTimeoutMs = 5;
const never = new AbortController().signal;

/**
 * A lock that the operating system releases when its holder dies: SQLite's lock on an empty database file. Shared and
 * exclusive locks exclude each other, as in any readers-writer lock.
 */
export class FileLock implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Waits for the lock. @throws BatchlineError `embedded_postgres_busy` after `waitMs` */
  static async take(
    folder: string,
    name: string,
    kind: 'shared' | 'exclusive',
    waitMs: number,
  ): Promise<FileLock> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const lock = FileLock.tryTake(folder, name, kind);
      if (lock !== undefined) return lock;
      if (performance.now() > deadline) busy(folder, name);
      await sleep(20 + Math.random() * 30, never);
    }
  }

  static tryTake(folder: string, name: string, kind: 'shared' | 'exclusive'): FileLock | undefined {
    const database = new DatabaseSync(join(folder, name), { timeout: busyTimeoutMs });
    try {
      // A read transaction takes its shared lock with the first statement, and holds it until it ends.
      database.exec(kind === 'shared' ? 'BEGIN; SELECT count(*) FROM sqlite_schema' : 'BEGIN EXCLUSIVE');
      return new FileLock(database);
    } catch (error) {
      database.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5;
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}

function busy(folder: string, name: string): never {
  throw new BatchlineError(
    'embedded_postgres_busy',
    'another process is starting or stopping the embedded Postgres',
    {
      where: join(folder, name),
      retryable: true,
      hint: 'Try again in a moment; if it stays, end the process that has this file open.',
    },
  );
}
