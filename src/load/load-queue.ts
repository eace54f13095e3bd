import { hash } from 'node:crypto';
import type { ChunkRow } from '../batch/chunk-rows.ts';
import { retry, type RetryPolicy } from '../core/retry.ts';
import type { EventListener } from '../core/events.ts';
import type { Semaphore } from '../core/semaphore.ts';
import type { LeftOutRow, LoadFailure, OpenedSink, ResultBatch } from '../core/sink.ts';
import type { Value } from '../core/value.ts';

const maxRows = 20_000;
const maxBytes = 4 << 20;
/** Two: while the database works on one batch, the next is parsed and encoded. */
export const loadsAtOnce = 2;
/** About ten minutes of waiting for a database that went away. */
const sinkRetry: RetryPolicy = { attempts: 15, firstWaitMs: 500, longestWaitMs: 60_000 };

export interface LoadQueueOptions {
  readonly sink: OpenedSink;
  /** Shared by all queues of a sink, which takes only so many loads at a time. */
  readonly slots: Semaphore;
  readonly runId: string;
  readonly keyColumns: number;
  readonly valueColumns: number;
  /** Aborted when a load that failed is not to be tried again; one that is under way is finished. */
  readonly drain: AbortSignal;
  readonly emit: EventListener;
  /** Told of every row that the sink refused, by the index it was pushed with. */
  readonly onRefused: (index: number, failure: LoadFailure) => void;
  /** Told of every row that was left out, but stands in the target since an earlier load. */
  readonly onStanding: (index: number) => void;
  readonly onLoaded: (rows: number, cleaned: number) => void;
}

/** Gathers rows into batches for the sink and keeps a bounded number of loads under way. */
export class LoadQueue {
  readonly #options: LoadQueueOptions;
  readonly #inFlight = new Set<Promise<void>>();
  #pending: PendingBatch;
  #bytes = 0;
  #failure: { readonly reason: unknown } | null = null;

  constructor(options: LoadQueueOptions) {
    this.#options = options;
    this.#pending = new PendingBatch(options);
  }

  /** Adds a row; `bytes` is about what it weighs. @returns whether `flush` is now due */
  push(index: number, row: ChunkRow, values: readonly Value[], bytes: number): boolean {
    this.#pending.push(index, row, values);
    return this.#grow(bytes);
  }

  /**
   * Notes a row that cannot be loaded. It counts like one that can: what is loaded together must not depend on what the
   * columns make of it, so that it is recognised where columns are edited between two attempts.
   */
  leaveOut(index: number, row: LeftOutRow, bytes: number): boolean {
    this.#pending.leaveOut(index, row);
    return this.#grow(bytes);
  }

  #grow(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#pending.partIds.length >= maxRows || this.#bytes >= maxBytes;
  }

  /** Hands what was pushed to the sink; resolves when there is room for more. `place` says where the rows came from. */
  async flush(place: string): Promise<void> {
    this.#throwIfFailed();
    const batch = this.#pending;
    this.#pending = new PendingBatch(this.#options);
    this.#bytes = 0;
    if (batch.partIds.length === 0) return;
    // The place is taken before the next batch fills, so that few batches are held in memory at a time.
    await this.#options.slots.acquire();
    const load = this.#load(batch, place)
      .catch((reason: unknown) => {
        this.#failure ??= { reason };
      })
      .finally(() => {
        this.#inFlight.delete(load);
        this.#options.slots.release();
      });
    this.#inFlight.add(load);
  }

  /** Resolves when everything that was flushed is durable. */
  async drain(): Promise<void> {
    await Promise.all(this.#inFlight);
    this.#throwIfFailed();
  }

  async #load(batch: PendingBatch, place: string): Promise<void> {
    const { sink, runId, drain, emit, onRefused, onStanding, onLoaded } = this.#options;
    const mark = { runId, place, sha256: digestOf(batch.partIds) };
    const outcome = await retry(
      {
        ...sinkRetry,
        signal: drain,
        onRetry: (error, waitMs) =>
          emit({ type: 'StepRetried', step: `load into ${sink.target}`, message: error.message, waitMs }),
      },
      () => sink.load(batch, mark),
    );
    for (const failure of outcome.failures) onRefused(batch.indexes[failure.row] ?? -1, failure);
    const standing = new Set(outcome.standing);
    for (const [at, { customId }] of batch.leftOut.entries()) {
      if (standing.has(customId)) onStanding(batch.leftOutIndexes[at] ?? -1);
    }
    onLoaded(batch.length - outcome.failures.length + standing.size, outcome.cleaned);
  }

  #throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure.reason;
  }
}

/** Tells a batch by its rows, so that a sink that has it already is never given other rows under the same mark. */
function digestOf(customIds: readonly string[]): string {
  return hash('sha256', customIds.join('\n'));
}

class PendingBatch implements ResultBatch {
  readonly indexes: number[] = [];
  readonly customIds: string[] = [];
  readonly keys: string[][];
  readonly columns: Value[][];
  readonly requestHashes: (string | null)[] = [];
  readonly leftOut: LeftOutRow[] = [];
  readonly leftOutIndexes: number[] = [];
  /** All rows of this part of the results, in their order. */
  readonly partIds: string[] = [];
  readonly pieceCounts: (number | null)[] = [];

  constructor(shape: { readonly keyColumns: number; readonly valueColumns: number }) {
    this.keys = Array.from({ length: shape.keyColumns }, () => []);
    this.columns = Array.from({ length: shape.valueColumns }, () => []);
  }

  get length(): number {
    return this.customIds.length;
  }

  push(index: number, row: ChunkRow, values: readonly Value[]): void {
    this.indexes.push(index);
    this.partIds.push(row.customId);
    this.customIds.push(row.customId);
    this.requestHashes.push(row.requestHash);
    this.pieceCounts.push(row.pieceCount);
    for (const [part, texts] of this.keys.entries()) texts.push(row.key[part] ?? '');
    for (const [column, list] of this.columns.entries()) list.push(values[column] ?? null);
  }

  leaveOut(index: number, row: LeftOutRow): void {
    this.partIds.push(row.customId);
    this.leftOutIndexes.push(index);
    this.leftOut.push(row);
  }
}
