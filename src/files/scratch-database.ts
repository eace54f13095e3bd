import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';

/**
 * A database file that holds what would not fit into memory, made anew when it is opened and deleted when it is
 * closed. Nothing in it has to survive a crash: whoever needs it then begins anew.
 */
export class ScratchDatabase extends DatabaseSync implements AsyncDisposable {
  readonly #path: string;

  /** @param tables statements that make them */
  constructor(path: string, tables: string, cacheKib = 2000) {
    // What a killed process left may be broken, since it is written without a journal.
    rmSync(path, { force: true });
    super(path);
    this.#path = path;
    this.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -${cacheKib}`);
    this.exec(`${tables}; BEGIN`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await rm(this.#path, { force: true });
  }
}
