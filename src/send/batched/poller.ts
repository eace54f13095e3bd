import { BatchlineError, errorCode } from '../../core/errors.ts';
import type { EventListener } from '../../core/events.ts';
import { sleep } from '../../core/async.ts';
import type { BatchStatus, OpenedProvider, RemoteBatch } from '../../core/provider.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { cancelAtProvider } from './cancel.ts';

/** Statuses that a batch does not leave any more. */
export const ended: ReadonlySet<BatchStatus> = new Set(['completed', 'failed', 'expired', 'cancelled']);

/** The wait grows by this factor while nothing changes, up to `longest` times the first. */
const growth = 1.3;
const longest = 5;

/** Looks in a row after which an answer that may be a passing one is believed. */
const looksUntilBelieved = 10;

/** What a pass that looks once takes instead: how long a batch has ended without naming its results. */
const lateFilesMs = 15 * 60_000;

/** How long after its expiry a batch is still waited for. */
export const usualGraceMs = 60 * 60_000;

export interface PollerOptions {
  readonly provider: OpenedProvider;
  /** The first wait between two looks, in milliseconds. */
  readonly firstWaitMs: number;
  /** Whether each batch is looked at once, at once, instead of until it has ended. */
  readonly looksOnce: boolean;
  /** Whether a batch that the provider does not know counts as lost. */
  readonly takesLost: boolean;
  readonly graceMs: number;
  readonly signal: AbortSignal;
  readonly emit: EventListener;
}

type Awaited = Pick<ChunkRecord, 'chunk' | 'batchId' | 'account' | 'expiresAt'>;

interface Waiter {
  readonly awaited: Awaited;
  readonly batchId: string;
  readonly resolve: (batch: RemoteBatch | null) => void;
  readonly reject: (reason: unknown) => void;
  seen: string;
  /** Looks at which it had ended without naming its results. */
  looksWithoutFiles: number;
  /** Looks in a row at which the provider did not know it. */
  looksUnknown: number;
}

/** Whether a batch that has ended must have results and does not say where; some servers say so a little later. */
function lacksResults({ status, counts, outputFileId, errorFileId }: RemoteBatch): boolean {
  if (outputFileId !== null) return false;
  return (counts?.completed ?? 0) > 0 || (status === 'completed' && errorFileId === null);
}

/**
 * Watches all batches of a run: one loop, one request at a time, with a wait that grows while nothing changes and
 * falls back to the first when something does. An error that may pass is waited out; a batch that the provider does
 * not know stays awaited until its time and the grace are over, since that alone must never buy it again. Where it
 * knows none of them, and never did, it is the wrong account's. A batch that has not ended by then is cancelled, so
 * that what it finished can be fetched and the rest be sent again.
 */
export class BatchPoller {
  readonly #options: PollerOptions;
  readonly #waiters = new Set<Waiter>();
  #isWatching = false;
  #waitMs: number;
  /** Whether the provider has shown any batch so far. */
  #knowsAny = false;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#waitMs = options.firstWaitMs;
  }

  /** Resolves when the batch has ended, however it ended; with null where it has not and is looked at once only. */
  async untilEnded(awaited: Awaited): Promise<RemoteBatch | null> {
    const { promise, resolve, reject } = Promise.withResolvers<RemoteBatch | null>();
    const { batchId } = awaited;
    if (batchId === null) throw new Error(`Chunk ${awaited.chunk} has no batch.`);
    this.#waiters.add({
      awaited,
      batchId,
      resolve,
      reject,
      seen: '',
      looksWithoutFiles: 0,
      looksUnknown: 0,
    });
    this.#waitMs = this.#options.firstWaitMs;
    if (!this.#isWatching) void this.#watch();
    return promise;
  }

  async #watch(): Promise<void> {
    const { firstWaitMs, looksOnce, signal } = this.#options;
    this.#isWatching = true;
    try {
      while (this.#waiters.size > 0) {
        await sleep(looksOnce ? 0 : this.#waitMs * (0.9 + Math.random() / 5), signal);
        const changed = await this.#round();
        this.#waitMs = changed ? firstWaitMs : Math.min(this.#waitMs * growth, firstWaitMs * longest);
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
      if (batch !== null) changed = this.#report(waiter, batch) || changed;
      if (batch !== null && (await this.#hasEnded(waiter, batch))) this.#settle(waiter, batch);
      else if (this.#options.looksOnce) this.#settle(waiter, null);
    }
    const areUnknown = [...this.#waiters].every((waiter) => waiter.looksUnknown >= looksUntilBelieved);
    if (!this.#knowsAny && this.#waiters.size > 0 && areUnknown) throw wrongAccount();
    return changed;
  }

  #settle(waiter: Waiter, batch: RemoteBatch | null): void {
    this.#waiters.delete(waiter);
    if (batch !== null) {
      const { chunk } = waiter.awaited;
      this.#options.emit({ type: 'BatchEnded', chunk, batchId: batch.id, status: batch.status });
    }
    waiter.resolve(batch);
  }

  async #hasEnded(waiter: Waiter, batch: RemoteBatch): Promise<boolean> {
    if (!ended.has(batch.status)) return this.#isGivenUp(waiter, batch);
    if (!lacksResults(batch)) return true;
    if (this.#options.looksOnce) return batch.endedAt !== null && Date.now() - batch.endedAt > lateFilesMs;
    return (waiter.looksWithoutFiles += 1) >= looksUntilBelieved;
  }

  /** Cancels a batch that is stuck; one that does not even end then is taken as it is. */
  async #isGivenUp({ awaited }: Waiter, batch: RemoteBatch): Promise<boolean> {
    const { provider, graceMs, signal, emit } = this.#options;
    const overdueMs = this.#overdueMs(batch.expiresAt ?? awaited.expiresAt);
    if (overdueMs < 0) return false;
    if (batch.status === 'cancelling') return overdueMs > graceMs;
    const message = `Batch ${batch.id} is stuck as ${batch.rawStatus} past its end; it is cancelled, and what it has not answered is sent again.`;
    emit({ type: 'Warned', message });
    await cancelAtProvider(provider, batch.id, signal);
    return false;
  }

  /** How long the grace is over, in milliseconds; negative before. */
  #overdueMs(expiresAt: number | null): number {
    return expiresAt === null ? -1 : Date.now() - expiresAt - this.#options.graceMs;
  }

  async #look(waiter: Waiter): Promise<RemoteBatch | null> {
    const { provider, signal, emit } = this.#options;
    try {
      const batch = await provider.getBatch(waiter.batchId, signal);
      this.#knowsAny = true;
      waiter.looksUnknown = 0;
      return batch;
    } catch (error) {
      signal.throwIfAborted();
      const isUnknown = errorCode(error) === 'batch_not_found';
      if (!(error instanceof BatchlineError) || !(error.retryable || isUnknown)) throw error;
      if (isUnknown && this.#isLost(waiter)) return lostBatch(waiter.batchId);
      const step = `look at batch ${waiter.batchId}`;
      emit({ type: 'StepRetried', step, message: error.message, waitMs: this.#waitMs });
      return null;
    }
  }

  /** @throws BatchlineError `wrong_account` where another account than the batch's own is asked */
  #isLost(waiter: Waiter): boolean {
    waiter.looksUnknown += 1;
    const { provider, looksOnce, takesLost } = this.#options;
    const { account, expiresAt } = waiter.awaited;
    if (account !== null && account !== provider.accountFingerprint) {
      if (looksOnce || takesLost) throw wrongAccount();
      return false;
    }
    return takesLost ? waiter.looksUnknown > 1 || looksOnce : this.#overdueMs(expiresAt) >= 0;
  }

  #report(waiter: Waiter, batch: RemoteBatch): boolean {
    const { total = 0, completed = 0, failed = 0 } = batch.counts ?? {};
    const seen = `${batch.status} ${completed} ${failed}`;
    if (seen === waiter.seen) return false;
    waiter.seen = seen;
    // Of its end an event of its own tells.
    if (ended.has(batch.status)) return true;
    this.#options.emit({
      type: 'BatchPolled',
      chunk: waiter.awaited.chunk,
      batchId: batch.id,
      status: batch.status,
      completed: completed + failed,
      total,
    });
    return true;
  }
}

/** What is left of a batch that the provider no longer knows: nothing of it can be fetched. */
function lostBatch(id: string): RemoteBatch {
  return {
    id,
    status: 'expired',
    rawStatus: 'lost',
    inputFileId: null,
    outputFileId: null,
    errorFileId: null,
    errors: [],
    createdAt: null,
    expiresAt: null,
    endedAt: null,
    metadata: {},
    counts: null,
  };
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
