import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { parseRow, type ChunkRow } from '../../batch/chunk-rows.ts';
import { followersPath } from '../../batch/follower-file.ts';
import { rowsGone } from '../../batch/rows-gone.ts';
import { hasFollowers } from '../../batch/saved-files.ts';
import type { LoadRefusal } from '../../batch/reconciliation.ts';
import type { RunRecord } from '../../ledger/ledger.ts';
import { readLineBlocks, type LineBlock } from '../../files/line-reader.ts';
import { ScratchDatabase } from '../../files/scratch-database.ts';

/** A row that takes the answer of another. */
export interface Follower {
  /** Names it within the index. */
  readonly id: number;
  /** Its leader's custom_id. */
  readonly leader: string;
  readonly row: ChunkRow;
}

export interface RefusedFollower extends LoadRefusal {
  readonly follower: Follower;
}

const pageSize = 1000;
const cacheKib = 64 << 10;

/**
 * Finds a run's followers by their leader, and holds those whose answer could not be loaded; in a database file, so
 * that memory grows with neither. It is made from the file of followers whenever it is needed and thrown away after.
 * A leader's followers come in the order in which they were read: a load that is repeated is made of the same batches.
 */
export class FollowerIndex implements AsyncDisposable {
  readonly #database: ScratchDatabase;
  readonly #file: number;
  readonly #selectAny;
  readonly #selectPage;
  readonly #insertRefusal;

  private constructor(folder: string) {
    this.#file = openSync(followersPath(folder), 'r');
    this.#database = new ScratchDatabase(
      join(folder, 'followers.db'),
      `CREATE TABLE followers (id INTEGER PRIMARY KEY, leader TEXT NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL);
       CREATE TABLE refusals (id INTEGER PRIMARY KEY, code TEXT NOT NULL, message TEXT NOT NULL)`,
      cacheKib,
    );
    this.#selectAny = this.#database.prepare('SELECT 1 FROM followers WHERE leader = ? LIMIT 1');
    this.#selectPage = this.#database.prepare(
      `SELECT * FROM followers WHERE leader = ? AND id > ? ORDER BY id LIMIT ${pageSize}`,
    );
    this.#insertRefusal = this.#database.prepare('INSERT OR REPLACE INTO refusals VALUES (?, ?, ?)');
  }

  static async open({ folder, followerBytes }: RunRecord, signal: AbortSignal): Promise<FollowerIndex> {
    if (!(await hasFollowers(folder))) throw rowsGone(followersPath(folder), 'is gone');
    const index = new FollowerIndex(folder);
    try {
      await index.#addAll(followersPath(folder), followerBytes, signal);
      return index;
    } catch (error) {
      await index[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #addAll(path: string, bytes: number, signal: AbortSignal): Promise<void> {
    const insert = this.#database.prepare('INSERT INTO followers (leader, start, length) VALUES (?, ?, ?)');
    for await (const block of readLineBlocks(path, { signal })) {
      for (let line = 0; line < block.count; line += 1) {
        const start = block.offset + (block.starts[line] ?? 0);
        // What stands behind was never committed.
        if (start >= bytes) break;
        insert.run(leaderIn(block, line), start, (block.ends[line] ?? 0) - (block.starts[line] ?? 0));
      }
    }
    this.#database.exec('CREATE INDEX followers_by_leader ON followers (leader)');
  }

  has(leader: string): boolean {
    return this.#selectAny.get(leader) !== undefined;
  }

  *of(leader: string): Generator<Follower> {
    for (let after = 0; ;) {
      // A page at a time: whoever reads may pause for long, and others read meanwhile.
      const page = this.#selectPage.all(leader, after);
      for (const row of page) yield this.#read(row);
      if (page.length < pageSize) return;
      after = Number(page.at(-1)?.['id']);
    }
  }

  #read(entry: Readonly<Record<string, unknown>>): Follower {
    const length = Number(entry['length']);
    const bytes = Buffer.allocUnsafe(length);
    readSync(this.#file, bytes, 0, length, Number(entry['start']));
    return {
      id: Number(entry['id']),
      leader: String(entry['leader']),
      row: parseRow(bytes.toString('utf8')),
    };
  }

  /** Notes that a follower's answer could not be loaded. */
  refuse(id: number, { code, message }: LoadRefusal): void {
    this.#insertRefusal.run(id, code, message);
  }

  /** What could not be loaded now was loaded before. */
  stands(id: number): void {
    this.#database.prepare('DELETE FROM refusals WHERE id = ?').run(id);
  }

  get refusedCount(): number {
    return Number(this.#database.prepare('SELECT COUNT(*) AS n FROM refusals').get()?.['n']);
  }

  *refused(): Generator<RefusedFollower> {
    const select = this.#database.prepare('SELECT * FROM followers JOIN refusals USING (id) ORDER BY id');
    for (const row of select.iterate()) {
      yield { follower: this.#read(row), code: String(row['code']), message: String(row['message']) };
    }
  }

  forgetRefusals(): void {
    this.#database.exec('DELETE FROM refusals');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    closeSync(this.#file);
    await this.#database[Symbol.asyncDispose]();
  }
}

const quote = 0x22;

/** The custom_id that a line ends with: `..."leader"]`. An id has no character that JSON would escape. */
function leaderIn({ buffer, starts, ends }: LineBlock, line: number): string {
  const end = (ends[line] ?? 0) - 2;
  return buffer.toString('latin1', buffer.lastIndexOf(quote, end - 1) + 1, Math.max(end, starts[line] ?? 0));
}
