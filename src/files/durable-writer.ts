import { createHash, type Hash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { diskFault, requireFreeDisk } from './disk.ts';
import { renameDurably } from './durable-file.ts';
import { BatchlineError, errorMessage } from '../core/errors.ts';

// Fewer, larger writes: each one is a trip to the thread pool.
const blockBytes = 1 << 20;

/**
 * Writes a file that appears under its name only when it is whole: to a temporary name, hashed on the way, synced
 * and renamed. One write runs while the next block fills, so the disk never holds up the caller for long.
 *
 * `append` must not be called while an earlier call is pending. The file is readable by its owner alone.
 */
export class DurableWriter implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #block = Buffer.allocUnsafe(blockBytes);
  #spare = Buffer.allocUnsafe(blockBytes);
  #filled = 0;
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #open = true;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<DurableWriter> {
    requireFreeDisk(path, 0);
    return new DurableWriter(path, await open(`${path}.partial`, 'w', 0o600).catch(explain(path)));
  }

  /** Bytes appended so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async append(bytes: Buffer): Promise<void> {
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const taken = bytes.copy(this.#block, this.#filled, at);
      at += taken;
      this.#filled += taken;
      if (this.#filled === blockBytes) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    await this.#writing;
    requireFreeDisk(this.#path, this.#filled);
    const full = this.#block.subarray(0, this.#filled);
    [this.#block, this.#spare] = [this.#spare, this.#block];
    this.#filled = 0;
    this.#hash.update(full);
    this.#writing = writeFully(this.#file, full).catch(explain(this.#path));
    // Whoever awaits next sees the failure; until then it is not unhandled.
    this.#writing.catch(() => {});
  }

  /** Syncs and renames. @returns the hex SHA-256 of the whole file */
  async finish(): Promise<string> {
    await this.#flush();
    await this.#writing;
    await this.#file.sync().catch(explain(this.#path));
    await this.#close();
    await renameDurably(`${this.#path}.partial`, this.#path).catch(explain(this.#path));
    return this.#hash.digest('hex');
  }

  async #close(): Promise<void> {
    this.#open = false;
    await this.#file.close();
  }

  /** Gives an unfinished file up. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    await this.#writing.catch(() => {});
    await this.#close();
    await rm(`${this.#path}.partial`, { force: true });
  }
}

async function writeFully(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

/** Says what is wrong with a file that cannot be written: `disk_full` or `file_unwritable`. */
export function explain(path: string): (error: unknown) => never {
  return (error) => {
    const full = diskFault(error, path);
    if (full !== null) throw full;
    throw new BatchlineError('file_unwritable', errorMessage(error), {
      where: path,
      hint: 'Make the folder writable for this user.',
      cause: error,
    });
  };
}
