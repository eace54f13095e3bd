import type { ChunkLimits } from '../core/chunk-limits.ts';
import type { ItemBatch } from '../core/item-batch.ts';
import type { NewChunk } from '../ledger/ledger.ts';
import { ChunkWriter } from './chunk-writer.ts';

export interface SealedChunk {
  readonly chunk: NewChunk;
  /** The last item of the batch passed to `add` that stands in this chunk. */
  readonly lastItem: number;
}

/**
 * Packs request lines into batch files and seals each at the first limit that the next line would pass. A file always
 * takes at least one line; the renderer has already refused lines that no file can take.
 */
export class Chunker implements AsyncDisposable {
  readonly #folder: string;
  readonly #limits: ChunkLimits;
  #nextChunk: number;
  #writer: ChunkWriter | null = null;

  constructor(folder: string, limits: ChunkLimits, firstChunk: number) {
    this.#folder = folder;
    this.#limits = limits;
    this.#nextChunk = firstChunk;
  }

  /** Requests in the file that is being filled. */
  get openRequests(): number {
    return this.#writer?.requests ?? 0;
  }

  /** Adds items `from` up to, not including, `to`, and yields each file that this seals, as it is sealed. */
  async *add(items: ItemBatch, from = 0, to = items.length): AsyncGenerator<SealedChunk> {
    for (let start = from; start < to;) {
      const writer = await this.#current();
      const end = this.#fit(writer, items, start, to);
      await writer.append(items, start, end);
      if (end < to) {
        const chunk = await this.seal();
        if (chunk !== null) yield { chunk, lastItem: end - 1 };
      }
      start = end;
    }
  }

  /** Seals the file that is being filled; null where there is none. */
  async seal(): Promise<NewChunk | null> {
    const writer = this.#writer;
    this.#writer = null;
    return writer === null ? null : writer.seal();
  }

  async #current(): Promise<ChunkWriter> {
    if (this.#writer === null) {
      this.#writer = await ChunkWriter.create(this.#folder, this.#nextChunk);
      this.#nextChunk += 1;
    }
    return this.#writer;
  }

  /** The end of the longest run of items from `start` that the file still takes. */
  #fit(writer: ChunkWriter, items: ItemBatch, start: number, to: number): number {
    const { requests, bytes, tokens } = this.#limits;
    const fileStart = writer.bytes - (start === 0 ? 0 : (items.lineEnds[start - 1] ?? 0));
    const lastByRequests = Math.min(to, start + requests - writer.requests);
    let tokenSum = writer.tokens;
    let end = start;
    while (end < lastByRequests) {
      tokenSum += items.tokens[end] ?? 0;
      if (fileStart + (items.lineEnds[end] ?? 0) > bytes || tokenSum > tokens) break;
      end += 1;
    }
    return end === start && writer.requests === 0 ? start + 1 : end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer?.[Symbol.asyncDispose]();
    this.#writer = null;
  }
}
