import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../core/errors.ts';
import { readResultBlocks } from '../../batch/read-result.ts';
import type { LineBlock } from '../../files/line-reader.ts';

/**
 * Which results files a build has taken to their end, by what they hold: one of them may be loaded again, while another
 * file's answer to a row that has one already never takes its place.
 */
export class TakenFiles {
  readonly #path: string;
  readonly #known: ReadonlySet<string>;
  readonly #signal: AbortSignal;
  readonly #hashes = new Map<string, string>();

  private constructor(path: string, known: ReadonlySet<string>, signal: AbortSignal) {
    this.#path = path;
    this.#known = known;
    this.#signal = signal;
  }

  /** @param folder the build's */
  static async open(folder: string, signal: AbortSignal): Promise<TakenFiles> {
    const path = join(folder, 'taken.sha256');
    const hashes = (await readIfAny(path)).split('\n').filter((hash) => hash !== '');
    return new TakenFiles(path, new Set(hashes), signal);
  }

  /** Reads a results file, and sees on the way what it holds. */
  async *read(file: string): AsyncGenerator<LineBlock> {
    const hash = createHash('sha256');
    for await (const block of readResultBlocks(file, this.#signal)) {
      hash.update(block.buffer);
      // Of a line that is too long its beginning and its end, and how long it is.
      if (block.cutFrom !== null) hash.update(String(block.cutFrom));
      yield block;
    }
    this.#hashes.set(file, hash.digest('hex'));
  }

  async has(file: string): Promise<boolean> {
    // Where none was taken it need not be read for that.
    return this.#known.size > 0 && this.#known.has(await this.#hashOf(file));
  }

  /** To be called once all of them are loaded. */
  async note(files: readonly string[]): Promise<void> {
    const hashes = new Set(await Array.fromAsync(files, (file) => this.#hashOf(file)));
    const fresh = hashes.difference(this.#known);
    if (fresh.size > 0) await appendFile(this.#path, [...fresh, ''].join('\n'), { mode: 0o600, flush: true });
  }

  async #hashOf(file: string): Promise<string> {
    const known = this.#hashes.get(file);
    if (known !== undefined) return known;
    for await (const block of this.read(file)) void block;
    return this.#hashOf(file);
  }
}

async function readIfAny(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
