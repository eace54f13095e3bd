import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { DueNotice, Notice, NoticeLedger } from '../notice-ledger.ts';

const selectDue = `
  SELECT notices.id, notices.run_id, notices.cause, notices.body FROM notices JOIN runs USING (run_id)
  WHERE pipeline = :pipeline AND is_due = 1 ORDER BY id`;

const insert = `
  INSERT INTO notices (run_id, cause, body) SELECT :runId, :cause, :body WHERE :cause IS NOT (
    SELECT cause FROM notices WHERE run_id = :runId AND (cause = 'late') = (:cause = 'late') ORDER BY id DESC LIMIT 1
  )`;

const settle = `UPDATE notices SET is_due = 0, body = '' WHERE id = :id`;

export class SqliteNotices implements NoticeLedger {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async due(pipeline: string): Promise<readonly DueNotice[]> {
    return this.#database.prepare(selectDue).all({ pipeline }).map(toNotice);
  }

  async add(notice: Notice): Promise<void> {
    addNotice(this.#database, notice);
  }

  async settled(id: number): Promise<void> {
    this.#database.prepare(settle).run({ id });
  }
}

/** The same within a transaction. */
export function addNotice(database: DatabaseSync, { runId, cause, body }: Notice): void {
  database.prepare(insert).run({ runId, cause, body });
}

function toNotice(row: Readonly<Record<string, SQLOutputValue>>): DueNotice {
  return {
    id: Number(row['id']),
    runId: String(row['run_id']),
    cause: String(row['cause']),
    body: String(row['body']),
  };
}
