import { BatchlineError } from '../core/errors.ts';
import type { EventListener } from '../core/events.ts';
import { sleep } from '../core/async.ts';
import type { BatchStatus, OpenedProvider, RemoteBatch } from '../core/provider.ts';

const ended: ReadonlySet<BatchStatus> = new Set(['completed', 'failed', 'expired', 'cancelled']);

/** The wait grows by this factor while nothing changes, up to `longest` times the first. */
const growth = 1.3;
const longest = 5;

/** Looks in a row after which an answer that may be a passing one is believed. */
const looksUntilBelieved = 10;

interface Waiter {
  readonly chunk: number;
  readonly batchId: string;
  readonly resolve: (batch: RemoteBatch) => void;
  readonly reject: (reason: unknown) => void;
  seen: string;
  /** Looks at which it had ended without naming its results. */
  looksWithoutFiles: number;
  /** Looks in a row at which the provider did not know it. */
  looksUnknown: number;
}

function isUnknown({ looksUnknown }: Waiter): boolean {
  return looksUnknown >= looksUntilBelieved;
}

/** Whether a batch that has ended must have results and does not say where; some servers say so a little later. */
function lacksResults({ status, counts, outputFileId, errorFileId }: RemoteBatch): boolean {
  if (outputFileId !== null) return false;
  return (counts?.completed ?? 0) > 0 || (status === 'completed' && errorFileId === null);
}

/**
 * Watches all batches of a run: one loop, one request at a time, with a wait that grows while nothing changes and
 * falls back to the first when something does. An error that may pass is waited out; a batch that the provider does
 * not know stays awaited, since that alone must never buy it again. Where it knows none of them, and never did, it is
 * the wrong account's.
 */
export class BatchPoller {
  readonly #provider: OpenedProvider;
  readonly #firstWaitMs: number;
  readonly #signal: AbortSignal;
  readonly #emit: EventListener;
  readonly #waiters = new Set<Waiter>();
  #isWatching = false;
  #waitMs: number;
  /** Whether the provider has shown any batch so far. */
  #knowsAny = false;

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
    this.#waiters.add({ chunk, batchId, resolve, reject, seen: '', looksWithoutFiles: 0, looksUnknown: 0 });
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
      if (lacksResults(batch) && (waiter.looksWithoutFiles += 1) < looksUntilBelieved) continue;
      this.#waiters.delete(waiter);
      this.#emit({ type: 'BatchEnded', chunk: waiter.chunk, batchId: batch.id, status: batch.status });
      waiter.resolve(batch);
    }
    if (!this.#knowsAny && [...this.#waiters].every(isUnknown)) throw wrongAccount();
    return changed;
  }

  async #look(waiter: Waiter): Promise<RemoteBatch | null> {
    try {
      const batch = await this.#provider.getBatch(waiter.batchId, this.#signal);
      this.#knowsAny = true;
      waiter.looksUnknown = 0;
      return batch;
    } catch (error) {
      this.#signal.throwIfAborted();
      const mayPass =
        error instanceof BatchlineError && (error.retryable || error.code === 'batch_not_found');
      if (!mayPass) throw error;
      if (error.code === 'batch_not_found') waiter.looksUnknown += 1;
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
    // Of its end an event of its own tells.
    if (ended.has(batch.status)) return true;
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

function wrongAccount(): BatchlineError {
  return new BatchlineError(
    'wrong_account',
    'The account of this API key knows none of the batches of this run.',
    {
      hint: 'Use the API key, organisation and project that the run was started with; nothing was sent again.',
      exitCode: 1,
    },
  );
}
