import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../files/durable-file.ts';
import type { ItemBatch } from '../core/item-batch.ts';
import type { FollowerCommit } from '../ledger/follower-ledger.ts';
import { explain } from '../files/durable-writer.ts';

/** The rows of a run whose request another row asks already. */
export function followersPath(folder: string): string {
  return join(folder, 'followers.jsonl');
}

/**
 * Appends the rows that follow others to one file of the run, a line each: that of a rows file with the leader's
 * custom_id (`same_as`) behind it. The file's length stands in the ledger, in the transaction that makes the reading
 * durable; what a crash left behind that length is cut off.
 */
export class FollowerFile implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  #bytes: number;
  #rows = 0;

  private constructor(path: string, file: FileHandle, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** @param bytes the file's length by the ledger */
  static async open(folder: string, bytes: number): Promise<FollowerFile> {
    const path = followersPath(folder);
    if (bytes === 0) {
      const created = await open(path, 'w', 0o600).catch(explain(path));
      await syncFolder(folder);
      return new FollowerFile(path, created, 0);
    }
    const file = await open(path, 'r+');
    const { size } = await file.stat();
    if (size < bytes) {
      await file.close();
      throw new Error(`${path} has ${size} bytes where the ledger knows ${bytes}.`);
    }
    await file.truncate(bytes);
    return new FollowerFile(path, file, bytes);
  }

  /** Rows that are not durable yet. */
  get uncommitted(): number {
    return this.#rows;
  }

  /** Appends those of the items that have a leader, of `from` up to, not including, `to`. */
  async append(
    items: ItemBatch,
    leaders: readonly (string | undefined)[],
    from: number,
    to: number,
  ): Promise<void> {
    const lines: Buffer[] = [];
    for (let item = from; item < to; item += 1) {
      const leader = leaders[item];
      if (leader === undefined) continue;
      const start = item === 0 ? 0 : (items.rowEnds[item - 1] ?? 0);
      // The line ends in `]` and a line feed.
      lines.push(
        items.rows.subarray(start, (items.rowEnds[item] ?? 0) - 2),
        Buffer.from(`,"${leader}"]\n`, 'latin1'),
      );
      this.#rows += 1;
    }
    if (lines.length === 0) return;
    await this.#write(Buffer.concat(lines)).catch(explain(this.#path));
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;)
      at += (await this.#file.write(bytes, at, bytes.length - at, this.#bytes + at)).bytesWritten;
    this.#bytes += bytes.length;
  }

  /** Syncs what was appended. @returns what is to be entered in the ledger; null where that is nothing */
  async sync(): Promise<FollowerCommit | null> {
    if (this.#rows === 0) return null;
    await this.#file.datasync().catch(explain(this.#path));
    const rows = this.#rows;
    this.#rows = 0;
    return { rows, bytes: this.#bytes };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }
}
