import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { isBusy } from './busy.ts';

const longestMs = 10_000;

/**
 * Has the database write ahead into a log, which it remembers. Of two processes that do so to a new file at the same
 * moment, SQLite turns one away at once, whatever time it is given to wait.
 */
export async function writeAhead(database: DatabaseSync): Promise<void> {
  const deadline = Date.now() + longestMs;
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw error;
    }
    await wait(10);
  }
}
