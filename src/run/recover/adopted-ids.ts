import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { ScratchDatabase } from '../../files/scratch-database.ts';
import { makeFolder } from '../../files/make-folder.ts';

/**
 * The custom_ids of a run that is being adopted, in a database file of the run: there may be millions of them.
 */
export class AdoptedIds implements AsyncDisposable {
  /** Whether one of them does not tell its row's key. */
  hasHashed = false;
  /** Whether the requests of some are told by their rows alone. */
  wantsRequests = false;
  readonly #database: ScratchDatabase;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #keepLine: StatementSync;
  readonly #take: StatementSync;

  private constructor(folder: string) {
    this.#database = new ScratchDatabase(
      join(folder, 'adopted.db'),
      'CREATE TABLE ids (id TEXT PRIMARY KEY, line TEXT, request BLOB, taken INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID',
    );
    this.#insert = this.#database.prepare('INSERT OR IGNORE INTO ids (id) VALUES (?)');
    this.#select = this.#database.prepare('SELECT line, request FROM ids WHERE id = ?');
    this.#keepLine = this.#database.prepare('UPDATE ids SET line = ?, request = ? WHERE id = ?');
    this.#take = this.#database.prepare('UPDATE ids SET taken = 1 WHERE id = ? AND taken = 0');
  }

  /** @param folder the run's, which is made where it is missing */
  static async open(folder: string): Promise<AdoptedIds> {
    await makeFolder(folder, 0o700);
    return new AdoptedIds(folder);
  }

  add(customId: string): void {
    this.#insert.run(customId);
    this.hasHashed ||= customId.startsWith('h_');
  }

  has(customId: string): boolean {
    return this.#select.get(customId) !== undefined;
  }

  /** Keeps the rows line that the source gives now for one of them, and its request where these are wanted. */
  keepLine(customId: string, line: string, request: Buffer): void {
    this.#keepLine.run(line, this.wantsRequests ? request : null, customId);
  }

  /** The line that was kept, if any. */
  lineOf(customId: string): string | null {
    const line = this.#select.get(customId)?.['line'];
    return typeof line === 'string' ? line : null;
  }

  /** The request that was kept, if any. */
  requestOf(customId: string): Buffer | null {
    const request = this.#select.get(customId)?.['request'];
    return request instanceof Uint8Array ? Buffer.from(request) : null;
  }

  /** @returns whether it had not been taken before */
  take(customId: string): boolean {
    return this.#take.run(customId).changes === 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}
