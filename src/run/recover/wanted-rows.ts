import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { dialectOf } from '../../config/dialect-of.ts';
import { ScratchDatabase } from '../../files/scratch-database.ts';
import type { Reading } from '../../job/job.ts';
import type { RunSelection } from '../../ledger/selection.ts';
import { rowsToSend } from '../../read/rows-to-send.ts';
import { RequestHash } from '../../request/request-hash.ts';
import type { RequestLines } from '../../request/request-lines.ts';

/** The requests that a run would send now, by custom_id and hash, in a database file: there may be millions of them. */
export class WantedRows implements AsyncDisposable {
  count = 0;
  readonly #database: ScratchDatabase;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #lines: RequestLines;
  readonly #hash: RequestHash;

  private constructor({
    loaded,
    prepared,
  }: Pick<Reading, 'loaded'> & { prepared: { requestLines: RequestLines } }) {
    this.#lines = prepared.requestLines;
    this.#hash = new RequestHash(dialectOf(loaded.pipeline).path(loaded.pipeline.request));
    this.#database = new ScratchDatabase(
      join(loaded.stateDir, `wanted-${process.pid}.db`),
      'CREATE TABLE wanted (id TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID',
    );
    this.#insert = this.#database.prepare('INSERT OR IGNORE INTO wanted (id, hash) VALUES (?, ?)');
    this.#select = this.#database.prepare('SELECT hash FROM wanted WHERE id = ?');
  }

  /** Reads the source to its end. */
  static async read(reading: Omit<Reading, 'run'>, selection: RunSelection): Promise<WantedRows> {
    await using resources = new AsyncDisposableStack();
    const wanted = resources.use(new WantedRows(reading));
    for await (const { items, skip } of rowsToSend(reading, selection)) {
      for (const [item, customId] of items.customIds.entries()) {
        if (skip[item] === 1) continue;
        const start = item === 0 ? 0 : (items.lineEnds[item - 1] ?? 0);
        const line = items.lines.subarray(start, (items.lineEnds[item] ?? 0) - 1);
        wanted.#add(customId, items.hashes?.[item] ?? wanted.#hash.ofText(wanted.#lines.askedIn(line)));
      }
    }
    resources.move();
    return wanted;
  }

  #add(customId: string, hash: string): void {
    this.count += Number(this.#insert.run(customId, hash).changes);
  }

  /**
   * The custom_id of a request line as it was sent, where this very request would be sent now; null where it would not.
   *
   * @throws where the line is none of ours
   */
  match(line: Buffer): string | null {
    const customId = this.#lines.idOf(line);
    const hash = this.#select.get(customId)?.['hash'];
    if (typeof hash !== 'string') return null;
    const isSame = (sent: Buffer): boolean => this.#hash.ofText(this.#lines.askedIn(sent)) === hash;
    return isSame(line) || isSame(this.#lines.original(line)) ? customId : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}
