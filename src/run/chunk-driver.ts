import { awaitBatch, downloadResults } from '../batch/collect.ts';
import type { StepContext } from '../batch/chunk-step.ts';
import type { BatchPoller } from '../batch/poller.ts';
import { createBatch, settleCreate, uploadChunk } from '../batch/submit.ts';
import type { BatchFileError } from '../core/provider.ts';
import { Semaphore } from '../core/semaphore.ts';
import { isFinal } from '../ledger/chunk-state.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';

export interface DriverOptions {
  readonly context: StepContext;
  readonly poller: BatchPoller;
  /** Joins a chunk with its downloaded results and loads it. */
  readonly deliver: (chunk: ChunkRecord) => Promise<ChunkRecord>;
  /** Fails the lines that the provider refused and sets the others free. */
  readonly deliverRefusal: (chunk: ChunkRecord, errors: readonly BatchFileError[]) => Promise<ChunkRecord>;
}

/** Uploads of large files share one line; more at once only makes each slower. */
const uploadsAtOnce = 2;
const downloadsAtOnce = 2;
/** The next chunk is parsed while the last rows of one are on their way into the sink. */
const chunksLoadedAtOnce = 2;

/**
 * Runs one coroutine a chunk over its state: whatever state the ledger has for a chunk is where its coroutine begins,
 * so that continuing a run is the same code as running it.
 */
export class ChunkDriver {
  readonly #options: DriverOptions;
  readonly #uploads = new Semaphore(uploadsAtOnce);
  readonly #downloads = new Semaphore(downloadsAtOnce);
  readonly #loads = new Semaphore(chunksLoadedAtOnce);
  readonly #active = new Map<number, ChunkRecord>();
  #changed = Promise.withResolvers<void>();
  #failure: { readonly reason: unknown } | null = null;

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  get activeChunks(): number {
    return this.#active.size;
  }

  /** Bytes of sealed files that are not with the provider yet. */
  get waitingBytes(): number {
    const waiting = [...this.#active.values()].filter(
      (chunk) => chunk.state === 'sealed' || chunk.state === 'uploading',
    );
    return waiting.reduce((sum, chunk) => sum + chunk.bytes, 0);
  }

  /** Whether a batch is still on its way, so that its results may bring more rows to send again. */
  get awaitsBatches(): boolean {
    return this.#active.size > 0;
  }

  /** Whether every chunk so far is with the provider. */
  get allSubmitted(): boolean {
    return [...this.#active.values()].every((chunk) => chunk.batchId !== null);
  }

  start(chunk: ChunkRecord): void {
    if (isFinal(chunk.state)) return;
    this.#active.set(chunk.chunk, chunk);
    void this.#drive(chunk)
      .catch((reason: unknown) => {
        this.#failure ??= { reason };
      })
      .finally(() => {
        this.#active.delete(chunk.chunk);
        this.#notify();
      });
  }

  /** Resolves when a chunk has moved on. */
  async change(): Promise<void> {
    await this.#changed.promise;
  }

  /** Resolves when no coroutine is left. */
  async idle(): Promise<void> {
    while (this.#active.size > 0) await this.change();
  }

  /** @throws what the first coroutine that failed has thrown */
  throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure.reason;
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  async #drive(first: ChunkRecord): Promise<void> {
    let chunk = first;
    while (!isFinal(chunk.state)) {
      chunk = await this.#step(chunk);
      this.#active.set(chunk.chunk, chunk);
      this.#notify();
    }
  }

  async #step(chunk: ChunkRecord): Promise<ChunkRecord> {
    const { context, poller, deliver, deliverRefusal } = this.#options;
    context.signal.throwIfAborted();
    switch (chunk.state) {
      case 'sealed':
      case 'uploading':
        return this.#uploads.run(async () => {
          // Once a step has given up, what is in flight is still collected, but nothing more is bought.
          this.throwIfFailed();
          return createBatch(context, await uploadChunk(context, chunk));
        });
      case 'uploaded':
        this.throwIfFailed();
        return createBatch(context, chunk);
      case 'creating':
        return settleCreate(context, chunk);
      case 'submitted': {
        const awaited = await awaitBatch(context, chunk, poller);
        return awaited.refusal === null ? awaited.chunk : deliverRefusal(awaited.chunk, awaited.refusal);
      }
      case 'ended':
        return this.#downloads.run(() => downloadResults(context, chunk));
      case 'downloaded':
        return this.#loads.run(() => deliver(chunk));
      case 'loaded':
      case 'refused':
        return chunk;
    }
  }
}
