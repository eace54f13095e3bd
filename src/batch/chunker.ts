import type { ChunkLimits } from '../core/chunk-limits.ts';
import type { ItemBatch } from '../core/item-batch.ts';
import type { NewChunk } from '../ledger/ledger.ts';
import { type BeginChunk, ChunkWriter, type OpenChunk } from './chunk-writer.ts';

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
  readonly #begin: BeginChunk;
  #nextChunk: number;
  #writer: OpenChunk | null = null;

  constructor(
    folder: string,
    limits: ChunkLimits,
    firstChunk: number,
    begin: BeginChunk = (...place) => ChunkWriter.create(...place),
  ) {
    this.#folder = folder;
    this.#limits = limits;
    this.#nextChunk = firstChunk;
    this.#begin = begin;
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

  async #current(): Promise<OpenChunk> {
    if (this.#writer === null) {
      this.#writer = await this.#begin(this.#folder, this.#nextChunk);
      this.#nextChunk += 1;
    }
    return this.#writer;
  }

  /** The end of the longest run of items from `start` that the file still takes. */
  #fit(writer: OpenChunk, items: ItemBatch, start: number, to: number): number {
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
