import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../core/errors.ts';
import { readBytes } from '../../files/line-reader.ts';

/**
 * Which results files a build has taken to their end, by what they hold: one of them may be loaded again, while another
 * file's answer to a row that has one already never takes its place.
 */
export class TakenFiles {
  readonly #path: string;
  readonly #known: ReadonlySet<string>;
  readonly #hashes: ReadonlyMap<string, string>;

  private constructor(path: string, known: ReadonlySet<string>, hashes: ReadonlyMap<string, string>) {
    this.#path = path;
    this.#known = known;
    this.#hashes = hashes;
  }

  /** @param folder the build's */
  static async open(folder: string, files: readonly string[], signal: AbortSignal): Promise<TakenFiles> {
    const path = join(folder, 'taken.sha256');
    const known = (await readIfAny(path)).split('\n');
    const hashes = new Map<string, string>();
    for (const file of files) hashes.set(file, await hashOf(file, signal));
    return new TakenFiles(path, new Set(known), hashes);
  }

  has(file: string): boolean {
    return this.#known.has(this.#hashes.get(file) ?? '');
  }

  /** To be called once all of them are loaded. */
  async note(): Promise<void> {
    const fresh = new Set([...this.#hashes.values()].filter((hash) => !this.#known.has(hash)));
    if (fresh.size > 0) await appendFile(this.#path, [...fresh, ''].join('\n'), { mode: 0o600, flush: true });
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

/** Of what a file holds when it is unpacked. */
async function hashOf(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of readBytes(file, { signal })) hash.update(bytes);
  return hash.digest('hex');
}
