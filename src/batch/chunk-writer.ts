import type { ItemBatch } from '../core/item-batch.ts';
import type { NewChunk } from '../ledger/ledger.ts';
import { chunkFiles } from './chunk-files.ts';
import { DurableWriter } from '../files/durable-writer.ts';

/** One chunk while it fills. */
export interface OpenChunk extends AsyncDisposable {
  readonly requests: number;
  readonly bytes: number;
  readonly tokens: number;
  /** Appends items `from` up to, not including, `to`. */
  append(items: ItemBatch, from: number, to: number): Promise<void>;
  seal(): Promise<NewChunk>;
}

/** Begins with a chunk of that number, in a run's folder. */
export type BeginChunk = (folder: string, chunk: number) => Promise<OpenChunk>;

/** A chunk on disk: its requests file and its rows file, line for line in step. */
export class ChunkWriter implements OpenChunk {
  readonly chunk: number;
  readonly #requestsFile: DurableWriter;
  readonly #rowsFile: DurableWriter;
  #requests = 0;
  #tokens = 0;

  private constructor(chunk: number, requestsFile: DurableWriter, rowsFile: DurableWriter) {
    this.chunk = chunk;
    this.#requestsFile = requestsFile;
    this.#rowsFile = rowsFile;
  }

  static async create(folder: string, chunk: number): Promise<ChunkWriter> {
    const files = chunkFiles(folder, chunk);
    const requests = await DurableWriter.create(files.requests);
    try {
      return new ChunkWriter(chunk, requests, await DurableWriter.create(files.rows));
    } catch (error) {
      await requests[Symbol.asyncDispose]();
      throw error;
    }
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#requestsFile.bytes;
  }

  get tokens(): number {
    return this.#tokens;
  }

  async append(items: ItemBatch, from: number, to: number): Promise<void> {
    for (let item = from; item < to; item += 1) this.#tokens += items.tokens[item] ?? 0;
    this.#requests += to - from;
    await this.#rowsFile.append(slice(items.rows, items.rowEnds, from, to));
    await this.#requestsFile.append(slice(items.lines, items.lineEnds, from, to));
  }

  async seal(): Promise<NewChunk> {
    await this.#rowsFile.finish();
    const { chunk, requests, bytes, tokens } = this;
    return { chunk, requests, bytes, tokens, sha256: await this.#requestsFile.finish() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requestsFile[Symbol.asyncDispose]();
    await this.#rowsFile[Symbol.asyncDispose]();
  }
}

function slice(lines: Buffer, ends: Uint32Array, from: number, to: number): Buffer {
  return lines.subarray(from === 0 ? 0 : ends[from - 1], ends[to - 1] ?? 0);
}
