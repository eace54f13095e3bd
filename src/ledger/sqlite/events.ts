import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { ToldEvent } from '../../core/events.ts';
import type { LoggedEvent } from '../event-log.ts';
import { isBusy } from './busy.ts';

const insert = `INSERT INTO events (run_id, at, event) VALUES (:runId, :at, :event)`;
const select = `
  SELECT seq, run_id, at, event FROM events
  WHERE run_id = :runId AND seq > :after AND (:type IS NULL OR event ->> '$.type' = :type)
  ORDER BY seq LIMIT :limit`;

const endedRuns = `SELECT run_id FROM runs WHERE status IN ('completed', 'completed_with_failures', 'cancelled')`;

/** All of runs that had ended by then, and what others that have ended since told before; each without the other. */
export const deleteEvents = [
  `DELETE FROM events WHERE run_id IN (${endedRuns} AND ended_at < :before)`,
  `DELETE FROM events WHERE at < :before AND run_id IN (${endedRuns})`,
];

const pageLength = 500;
/** Events that wait while another process writes; what comes beyond them is dropped. */
const mostWaiting = 1000;

/**
 * Appends events through a connection of its own, which waits neither for the disk, since what it writes is synced by
 * the ledger's next commit, nor for another process that is writing. NORMAL and not OFF: it checkpoints now and then,
 * and the file must stay whole whenever the machine dies.
 */
export class SqliteEvents {
  readonly #database: DatabaseSync;
  #insert: StatementSync | undefined;
  readonly #waiting: ToldEvent[] = [];

  /** @param path of the ledger file, whose tables exist */
  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 10_000 });
    // To open it is worth a wait: the process that closes a file last holds it for a moment.
    this.#database.exec('PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 0');
  }

  append(told: ToldEvent): void {
    if (told.runId === null) return;
    if (this.#waiting.length < mostWaiting) this.#waiting.push(told);
    this.#writeWaiting();
  }

  #writeWaiting(): void {
    try {
      for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
        const { at, runId, ...event } = next;
        this.#insert ??= this.#database.prepare(insert);
        this.#insert.run({ runId, at, event: JSON.stringify(event) });
        this.#waiting.shift();
      }
    } catch (error) {
      // Whatever else is wrong, a run goes on without its events.
      if (!isBusy(error)) this.#waiting.length = 0;
    }
  }

  /** Makes one more attempt at what waits, with some patience. */
  close(): void {
    if (this.#waiting.length > 0) {
      this.#database.exec('PRAGMA busy_timeout = 500');
      this.#writeWaiting();
    }
    this.#database.close();
  }
}

/** Page after page, so that nothing is held open between two of them. */
export async function* readEvents(
  database: DatabaseSync,
  { runId, after, type }: { readonly runId: string; readonly after: number; readonly type: string | null },
): AsyncGenerator<LoggedEvent> {
  let last = after;
  for (;;) {
    const rows = database.prepare(select).all({ runId, after: last, type, limit: pageLength });
    for (const row of rows) {
      last = Number(row['seq']);
      const event = JSON.parse(String(row['event'])) as object;
      yield { ...event, seq: last, at: Number(row['at']), runId: String(row['run_id']) } as LoggedEvent;
    }
    if (rows.length < pageLength) return;
  }
}
