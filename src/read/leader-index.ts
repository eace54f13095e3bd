import { join } from 'node:path';
import { chunkFiles } from '../batch/chunk-files.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';
import { readLineBlocks } from '../files/line-reader.ts';
import { ScratchDatabase } from '../files/scratch-database.ts';

/** 128 bits: none of any number of requests that a run can have will share them by chance. */
const digestBytes = 16;
const cacheKib = 64 << 10;

/**
 * Which row asked a request first, by the request's hash; in a database file, so that memory does not grow with the
 * requests. The file is only a working copy: what counts are the sealed files' rows, from which it is made anew
 * whenever reading begins or goes on. So a row is a leader exactly if a sealed file, or the one being filled, holds it.
 */
export class LeaderIndex implements AsyncDisposable {
  readonly #database: ScratchDatabase;
  readonly #insert;
  readonly #select;

  private constructor(folder: string) {
    this.#database = new ScratchDatabase(
      join(folder, 'leaders.db'),
      'CREATE TABLE leaders (digest BLOB PRIMARY KEY, custom_id TEXT NOT NULL) WITHOUT ROWID',
      cacheKib,
    );
    this.#insert = this.#database.prepare('INSERT OR IGNORE INTO leaders VALUES (?, ?)');
    this.#select = this.#database.prepare('SELECT custom_id FROM leaders WHERE digest = ?');
  }

  /** @param chunks all chunks of the run so far */
  static async open(
    folder: string,
    chunks: readonly ChunkRecord[],
    signal: AbortSignal,
  ): Promise<LeaderIndex> {
    const index = new LeaderIndex(folder);
    try {
      for (const { chunk, origin } of chunks) {
        if (origin === 'read') await index.#addAll(chunkFiles(folder, chunk).rows, signal);
      }
      return index;
    } catch (error) {
      await index[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Takes a row in.
   *
   * @param requestHash hex SHA-256
   * @returns the custom_id of the row that asked the same before; undefined where this one is the first
   */
  leaderOf(requestHash: string, customId: string): string | undefined {
    const digest = Buffer.from(requestHash, 'hex').subarray(0, digestBytes);
    if (this.#insert.run(digest, customId).changes === 1) return undefined;
    return String(this.#select.get(digest)?.['custom_id']);
  }

  async #addAll(path: string, signal: AbortSignal): Promise<void> {
    for await (const { buffer, count, starts, ends } of readLineBlocks(path, { signal })) {
      for (let line = 0; line < count; line += 1) {
        const text = buffer.toString('utf8', starts[line], ends[line]);
        const [customId, , , requestHash] = JSON.parse(text) as [string, unknown, unknown, string];
        this.leaderOf(requestHash, customId);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}
