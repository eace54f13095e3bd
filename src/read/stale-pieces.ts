import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadFailure, PieceCounts } from '../core/sink.ts';
import { exists } from '../files/exists.ts';
import { readLines } from '../files/line-reader.ts';
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

/** How pieces are deleted, and who is told where they cannot be. */
interface PieceDeletion {
  readonly deletePieces: (records: PieceCounts) => Promise<readonly LoadFailure[]>;
  readonly warn: (message: string) => void;
}

/** Deletes at once: for a source whose keys are unique, so that nothing can prove a deletion wrong. */
export class StalePiecesNow implements StalePieces {
  readonly #deletion: PieceDeletion;
  #refused = 0;
  #example = '';

  constructor(deletion: PieceDeletion) {
    this.#deletion = deletion;
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

  /** Tells once of the records whose pieces the sink would not delete; each further run tries again. */
  async finish(): Promise<void> {
    if (this.#refused === 0) return;
    const records =
      this.#refused === 1 ? '1 record no longer has' : `${this.#refused} records no longer have`;
    this.#deletion.warn(`Pieces that ${records} stay in the target, such as ${this.#example}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #deletePage(page: readonly UnsentRecord[]): Promise<void> {
    if (page.length === 0) return;
    const keys = page.map(({ key }) => key);
    const counts = page.map(({ count }) => count);
    const refused = await this.#deletion.deletePieces({ keys, counts });
    const [first] = refused;
    if (first === undefined) return;
    if (this.#refused === 0)
      this.#example = `those of ${(keys[first.row] ?? []).join(', ')}: ${first.message}`;
    this.#refused += refused.length;
  }
}

/** Keeps in a file what is to be deleted, for when it is known that no two rows have one key. */
export class StalePiecesLater implements StalePieces {
  readonly #path: string;
  readonly #now: StalePiecesNow;
  readonly #signal: AbortSignal;

  private constructor(path: string, deletion: PieceDeletion, signal: AbortSignal) {
    this.#path = path;
    this.#now = new StalePiecesNow(deletion);
    this.#signal = signal;
  }

  static async open(folder: string, deletion: PieceDeletion, signal: AbortSignal): Promise<StalePiecesLater> {
    const path = join(folder, 'stale-pieces.jsonl');
    // What a killed process left is of no use: its reading begins anew.
    await rm(path, { force: true });
    return new StalePiecesLater(path, deletion, signal);
  }

  async delete(records: Iterable<UnsentRecord>): Promise<void> {
    const lines = Array.from(records, (record) => `${JSON.stringify(record)}\n`).join('');
    if (lines !== '') await appendFile(this.#path, lines, { mode: 0o600 });
  }

  async finish(): Promise<void> {
    if (!(await exists(this.#path))) return;
    let page: UnsentRecord[] = [];
    for await (const { lines } of readLines(this.#path, this.#signal)) {
      page.push(...lines.map((line) => JSON.parse(line.toString()) as UnsentRecord));
      if (page.length < pageSize) continue;
      await this.#now.delete(page);
      page = [];
    }
    await this.#now.delete(page);
    await this.#now.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
