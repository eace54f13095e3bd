import { cancelAtProvider } from './batched/cancel.ts';
import { awaitBatch, downloadResults } from './batched/results.ts';
import type { StepContext } from './step.ts';
import type { BatchPoller } from './batched/poller.ts';
import { createBatch, settleCreate, uploadChunk } from './batched/submit.ts';
import type { BatchFileError } from '../core/provider.ts';
import { Semaphore } from '../core/semaphore.ts';
import { isFinal } from '../ledger/chunk-state.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';
import type { TooLarge } from '../ledger/room.ts';
import type { Pass } from '../job/job.ts';

export interface DriverOptions {
  readonly context: StepContext;
  readonly poller: BatchPoller;
  readonly pass: Pass;
  /** Joins a chunk with its downloaded results and loads it. */
  readonly deliver: (chunk: ChunkRecord) => Promise<ChunkRecord>;
  /** Fails the lines that the provider refused and sets the others free. */
  readonly deliverRefusal: (chunk: ChunkRecord, errors: readonly BatchFileError[]) => Promise<ChunkRecord>;
  /** Gives up a file that is too large, so that its rows move to smaller ones. */
  readonly deliverSuperseded: (chunk: ChunkRecord, reason: TooLarge) => Promise<ChunkRecord>;
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
  /** Chunks that this process leaves where they are: another one takes them further. */
  readonly #parked = new Map<number, ChunkRecord>();
  /** Whether a batch has ended since chunks were parked for want of room. */
  #hasNewRoom = false;
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
    const waiting = this.#unfinished.filter(
      (chunk) => chunk.state === 'sealed' || chunk.state === 'uploading',
    );
    return waiting.reduce((sum, chunk) => sum + chunk.bytes, 0);
  }

  /** Whether a batch is still on its way, so that its results may bring more rows to send again. */
  get awaitsBatches(): boolean {
    return this.#active.size + this.#parked.size > 0;
  }

  /** Whether every chunk so far is with the provider. */
  get allSubmitted(): boolean {
    return this.#unfinished.every((chunk) => chunk.batchId !== null);
  }

  get parkedChunks(): number {
    return this.#parked.size;
  }

  get #unfinished(): readonly ChunkRecord[] {
    return [...this.#active.values(), ...this.#parked.values()];
  }

  start(chunk: ChunkRecord): void {
    if (isFinal(chunk.state)) return;
    this.#active.set(chunk.chunk, chunk);
    void this.#drive(chunk)
      .catch((reason: unknown) => this.fail(reason))
      .finally(() => {
        this.#active.delete(chunk.chunk);
        this.#notify();
      });
  }

  /** Takes up the chunks that found no room, where a batch has ended since. */
  resumeParked(): void {
    if (!this.#hasNewRoom || !this.#options.pass.sends) return;
    this.#hasNewRoom = false;
    for (const chunk of this.#parked.values()) {
      if (chunk.batchId !== null) continue;
      this.#parked.delete(chunk.chunk);
      this.start(chunk);
    }
  }

  /** Resolves when a chunk has moved on. */
  async change(): Promise<void> {
    await this.#changed.promise;
  }

  /** Resolves when no coroutine is left. */
  async idle(): Promise<void> {
    while (this.#active.size > 0) await this.change();
  }

  /** From now on nothing more is sent; what is at the provider is still brought home. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#options.context.room.wake();
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
      const next = await this.#step(chunk);
      if (next === null) {
        this.#parked.set(chunk.chunk, chunk);
        return;
      }
      chunk = next;
      this.#active.set(chunk.chunk, chunk);
      this.#notify();
    }
  }

  /** Takes a chunk one step further. @returns null where this process is to leave it as it is */
  async #step(chunk: ChunkRecord): Promise<ChunkRecord | null> {
    const { context, deliver } = this.#options;
    context.signals.drain.throwIfAborted();
    switch (chunk.state) {
      case 'sealed':
      case 'uploading':
      case 'uploaded':
        return this.#send(chunk);
      case 'creating':
        return settleCreate(context, chunk);
      case 'submitted':
        return this.#awaitBatch(chunk);
      case 'ended':
        return this.#downloads.run(() => downloadResults(context, chunk));
      case 'downloaded':
        return this.#loads.run(() => deliver(chunk));
      case 'loaded':
      case 'refused':
      case 'superseded':
        return chunk;
    }
  }

  /** Sends a chunk once the provider has room for it. */
  async #send(chunk: ChunkRecord): Promise<ChunkRecord | null> {
    const { context, pass, deliverSuperseded } = this.#options;
    if (!pass.sends) return null;
    const room = pass.waits
      ? await context.room.wait(chunk, () => this.throwIfFailed())
      : await context.room.look(chunk);
    if (room === null) return null;
    // Once a step has given up, what is in flight is still collected, but nothing more is bought.
    this.throwIfFailed();
    if (room.kind === 'too_large') return deliverSuperseded(chunk, room);
    if (chunk.state === 'uploaded') return createBatch(context, chunk);
    return this.#uploads.run(async () => {
      this.throwIfFailed();
      // Others may have taken the room while the chunk stood in line; a file that has to wait is not uploaded yet.
      if ((await context.room.look(chunk)) === null) return chunk;
      const uploaded = await uploadChunk(context, chunk);
      this.throwIfFailed();
      return createBatch(context, uploaded);
    });
  }

  async #awaitBatch(chunk: ChunkRecord): Promise<ChunkRecord | null> {
    const { context, pass, poller, deliverRefusal } = this.#options;
    if (pass.cancels && chunk.batchId !== null)
      await cancelAtProvider(context.provider, chunk.batchId, context.signals.drain);
    const awaited = await awaitBatch(context, chunk, poller);
    if (awaited === null) return null;
    this.#hasNewRoom = true;
    if (awaited.refusal === null) return awaited.chunk;
    const refused = await deliverRefusal(awaited.chunk, awaited.refusal);
    context.room.wake();
    return refused;
  }
}
