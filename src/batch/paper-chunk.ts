import type { ItemBatch } from '../core/item-batch.ts';
import type { NewChunk } from '../ledger/ledger.ts';
import type { OpenChunk } from './chunk-writer.ts';

/** A chunk of which nothing is written: what it would hold is counted. */
export class PaperChunk implements OpenChunk {
  readonly chunk: number;
  requests = 0;
  bytes = 0;
  tokens = 0;

  constructor(chunk: number) {
    this.chunk = chunk;
  }

  async append({ lineEnds, tokens }: ItemBatch, from: number, to: number): Promise<void> {
    for (let item = from; item < to; item += 1) this.tokens += tokens[item] ?? 0;
    this.requests += to - from;
    this.bytes += (lineEnds[to - 1] ?? 0) - (from === 0 ? 0 : (lineEnds[from - 1] ?? 0));
  }

  async seal(): Promise<NewChunk> {
    const { chunk, requests, bytes, tokens } = this;
    return { chunk, requests, bytes, tokens, sha256: '' };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
