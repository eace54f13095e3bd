import type { DatabaseSync } from 'node:sqlite';
import type { ConfirmationLedger } from '../confirmation-ledger.ts';
import { write } from './write.ts';

const select = `SELECT 1 FROM confirmations WHERE run_id = :runId`;

const insert = `INSERT OR IGNORE INTO confirmations (run_id, at) VALUES (:runId, :at)`;

export class SqliteConfirmations implements ConfirmationLedger {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async isConfirmed(runId: string): Promise<boolean> {
    return this.#database.prepare(select).get({ runId }) !== undefined;
  }

  async confirm(runId: string, at: number): Promise<void> {
    write(this.#database, insert, { runId, at });
  }
}
