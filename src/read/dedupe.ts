import { FollowerFile } from '../batch/follower-file.ts';
import type { ItemBatch } from '../core/item-batch.ts';
import type { ChunkRecord, RunRecord } from '../ledger/ledger.ts';
import type { FollowerCommit } from '../ledger/follower-ledger.ts';
import { LeaderIndex } from './leader-index.ts';

/**
 * Sorts out the rows whose request another row of the run asks already. The first row of a request leads: it is packed
 * and sent. The others follow it: they go into the file of followers, and take its answer later.
 */
export class Dedupe implements AsyncDisposable {
  readonly #index: LeaderIndex;
  readonly #file: FollowerFile;
  #leaders: readonly (string | undefined)[] = [];
  #appended = 0;

  private constructor(index: LeaderIndex, file: FollowerFile) {
    this.#index = index;
    this.#file = file;
  }

  /** @param chunks all chunks of the run so far */
  static async open(
    { folder, followerBytes }: RunRecord,
    chunks: readonly ChunkRecord[],
    signal: AbortSignal,
  ): Promise<Dedupe> {
    const file = await FollowerFile.open(folder, followerBytes);
    try {
      return new Dedupe(await LeaderIndex.open(folder, chunks, signal), file);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Followers that wait for the next commit. */
  get uncommitted(): number {
    return this.#file.uncommitted;
  }

  /** Looks a batch through in its order. @param skip a byte an item; followers are marked with 1 as well */
  startBatch(items: ItemBatch, skip: Uint8Array): void {
    const { hashes } = items;
    if (hashes === null) throw new Error('Rows are told apart by request hashes, and these have none.');
    this.#leaders = items.customIds.map((customId, item) =>
      skip[item] === 1 ? undefined : this.#index.leaderOf(hashes[item] ?? '', customId),
    );
    for (const [item, leader] of this.#leaders.entries()) if (leader !== undefined) skip[item] = 1;
    this.#appended = 0;
  }

  /**
   * Writes the followers that stand before an item of the batch. Whoever seals a file calls this first: what it then
   * commits are exactly the rows before the file's end.
   */
  async appendUpTo(items: ItemBatch, item: number): Promise<void> {
    await this.#file.append(items, this.#leaders, this.#appended, item);
    this.#appended = item;
  }

  /** What is to be committed with the leaders; on disk when it resolves. */
  sync(): Promise<FollowerCommit | null> {
    return this.#file.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#index[Symbol.asyncDispose]();
    await this.#file[Symbol.asyncDispose]();
  }
}
