import { appendFile, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PieceCounts } from '../core/sink.ts';
import type { UnsentRecord } from './read-progress.ts';

const pageSize = 5000;

/**
 * Deletes the pieces that the sink holds beyond a record's last one, where the record's first piece is not sent; where
 * it is sent, loading it does so.
 */
export interface StalePieces extends AsyncDisposable {
  /** When it resolves, the rows may be committed as dealt with. */
  delete(records: Iterable<UnsentRecord>): Promise<void>;
  /** To be called once the keys are known to be unique. */
  finish(): Promise<void>;
}

/** Where records are not split, the sink holds nothing yet, or nothing is to be changed there. */
export const noStalePieces: StalePieces = {
  delete: () => Promise.resolve(),
  finish: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

type PieceDeletion = (records: PieceCounts) => Promise<void>;

/** Deletes at once: for a source whose keys are unique, so that nothing can prove a deletion wrong. */
export class StalePiecesNow implements StalePieces {
  readonly #deletePieces: PieceDeletion;

  constructor(deletePieces: PieceDeletion) {
    this.#deletePieces = deletePieces;
  }

  async delete(records: Iterable<UnsentRecord>): Promise<void> {
    let page: UnsentRecord[] = [];
    for (const record of records) {
      page.push(record);
      if (page.length < pageSize) continue;
      await this.#deletePage(page);
      page = [];
    }
    await this.#deletePage(page);
  }

  async finish(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async #deletePage(page: readonly UnsentRecord[]): Promise<void> {
    if (page.length === 0) return;
    await this.#deletePieces({ keys: page.map(({ key }) => key), counts: page.map(({ count }) => count) });
  }
}

/** Keeps in a file what is to be deleted, for when it is known that no two rows have one key. */
export class StalePiecesLater implements StalePieces {
  readonly #path: string;
  readonly #now: StalePiecesNow;

  private constructor(path: string, deletePieces: PieceDeletion) {
    this.#path = path;
    this.#now = new StalePiecesNow(deletePieces);
  }

  static async open(folder: string, deletePieces: PieceDeletion): Promise<StalePiecesLater> {
    const path = join(folder, 'stale-pieces.jsonl');
    // What a killed process left is of no use: its reading begins anew.
    await rm(path, { force: true });
    return new StalePiecesLater(path, deletePieces);
  }

  async delete(records: Iterable<UnsentRecord>): Promise<void> {
    const lines = Array.from(records, (record) => `${JSON.stringify(record)}\n`).join('');
    if (lines !== '') await appendFile(this.#path, lines, { mode: 0o600 });
  }

  async finish(): Promise<void> {
    await using file = await open(this.#path, 'a+', 0o600);
    let page: UnsentRecord[] = [];
    for await (const line of file.readLines({ autoClose: false, start: 0 })) {
      page.push(JSON.parse(line) as UnsentRecord);
      if (page.length < pageSize) continue;
      await this.#now.delete(page);
      page = [];
    }
    await this.#now.delete(page);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
