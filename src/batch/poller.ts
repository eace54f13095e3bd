import { BatchlineError } from '../core/errors.ts';
import type { EventListener } from '../core/events.ts';
import { sleep } from '../core/async.ts';
import type { BatchStatus, OpenedProvider, RemoteBatch } from '../core/provider.ts';

const ended: ReadonlySet<BatchStatus> = new Set(['completed', 'failed', 'expired', 'cancelled']);

/** The wait grows by this factor while nothing changes, up to `longest` times the first. */
const growth = 1.3;
const longest = 5;

interface Waiter {
  readonly chunk: number;
  readonly batchId: string;
  readonly resolve: (batch: RemoteBatch) => void;
  readonly reject: (reason: unknown) => void;
  seen: string;
}

/**
 * Watches all batches of a run: one loop, one request at a time, with a wait that grows while nothing changes and
 * falls back to the first when something does. An error that may pass is waited out; a batch that the provider does
 * not know stays awaited, since that alone must never buy it again.
 */
export class BatchPoller {
  readonly #provider: OpenedProvider;
  readonly #firstWaitMs: number;
  readonly #signal: AbortSignal;
  readonly #emit: EventListener;
  readonly #waiters = new Set<Waiter>();
  #isWatching = false;
  #waitMs: number;

  constructor(provider: OpenedProvider, firstWaitMs: number, signal: AbortSignal, emit: EventListener) {
    this.#provider = provider;
    this.#firstWaitMs = firstWaitMs;
    this.#waitMs = firstWaitMs;
    this.#signal = signal;
    this.#emit = emit;
  }

  /** Resolves when the batch has ended, however it ended. */
  async untilEnded(chunk: number, batchId: string): Promise<RemoteBatch> {
    const { promise, resolve, reject } = Promise.withResolvers<RemoteBatch>();
    this.#waiters.add({ chunk, batchId, resolve, reject, seen: '' });
    this.#waitMs = this.#firstWaitMs;
    if (!this.#isWatching) void this.#watch();
    return promise;
  }

  async #watch(): Promise<void> {
    this.#isWatching = true;
    try {
      while (this.#waiters.size > 0) {
        await sleep(this.#waitMs * (0.9 + Math.random() / 5), this.#signal);
        const changed = await this.#round();
        this.#waitMs = changed
          ? this.#firstWaitMs
          : Math.min(this.#waitMs * growth, this.#firstWaitMs * longest);
      }
    } catch (error) {
      for (const waiter of this.#waiters) waiter.reject(error);
      this.#waiters.clear();
    } finally {
      this.#isWatching = false;
    }
  }

  /** Looks at each batch once. @returns whether anything moved */
  async #round(): Promise<boolean> {
    let changed = false;
    for (const waiter of Array.from(this.#waiters)) {
      const batch = await this.#look(waiter);
      if (batch === null) continue;
      changed = this.#report(waiter, batch) || changed;
      if (!ended.has(batch.status)) continue;
      this.#waiters.delete(waiter);
      this.#emit({ type: 'BatchEnded', chunk: waiter.chunk, batchId: batch.id, status: batch.status });
      waiter.resolve(batch);
    }
    return changed;
  }

  async #look(waiter: Waiter): Promise<RemoteBatch | null> {
    try {
      return await this.#provider.getBatch(waiter.batchId, this.#signal);
    } catch (error) {
      this.#signal.throwIfAborted();
      const mayPass =
        error instanceof BatchlineError && (error.retryable || error.code === 'batch_not_found');
      if (!mayPass) throw error;
      const step = `look at batch ${waiter.batchId}`;
      this.#emit({ type: 'StepRetried', step, message: error.message, waitMs: this.#waitMs });
      return null;
    }
  }

  #report(waiter: Waiter, batch: RemoteBatch): boolean {
    const { total = 0, completed = 0, failed = 0 } = batch.counts ?? {};
    const seen = `${batch.status} ${completed} ${failed}`;
    if (seen === waiter.seen) return false;
    waiter.seen = seen;
    this.#emit({
      type: 'BatchPolled',
      chunk: waiter.chunk,
      batchId: batch.id,
      status: batch.status,
      completed: completed + failed,
      total,
    });
    return true;
  }
}
