import { hasEnded, type RemoteBatch } from '../../core/batch-side.ts';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { cancelAtProvider } from './cancel.ts';
import type { BatchContext } from './context.ts';

/** The wait grows by this factor while nothing changes, up to `longest` times the first. */
const growth = 1.3;
const longest = 5;

/** The first wait for a batch that was cancelled, which may end within seconds. */
const soonMs = 1000;

/** Looks in a row after which an answer that may be a passing one is believed. */
const looksUntilBelieved = 10;

/** What a pass that looks once takes instead: how long a batch has ended without naming its results. */
const lateFilesMs = 15 * 60_000;

/** How long after its expiry, and then after its cancellation, a batch is still waited for. */
const graceMs = 60 * 60_000;

/** How long after that a batch may go on whose counters move. */
const longestLateMs = 24 * 60 * 60_000;

/** What is known of a batch from earlier looks. */
interface Watched {
  /** When it is to be looked at next; milliseconds since 1970. */
  dueAt: number;
  waitMs: number;
  /** Whether it was cancelled and somebody waits for its end. */
  isAwaited: boolean;
  seen: string;
  /** When its status or its counters were last seen to change; milliseconds since 1970. */
  movedAt: number;
  /** When it was cancelled for being stuck, or first seen as being cancelled; null before. */
  cancelledAt: number | null;
  /** Looks at which it had ended without naming its results. */
  looksWithoutFiles: number;
  /** Looks in a row at which the provider did not know it. */
  looksUnknown: number;
  /** Looks in a row that failed, for whatever reason. */
  looksFailed: number;
}

type WatchContext = Pick<
  BatchContext,
  'batches' | 'account' | 'late' | 'lookMs' | 'pass' | 'signals' | 'emit'
>;

/**
 * Knows when each batch of a run is to be looked at, with a wait that grows while nothing changes and falls back to the
 * first when something does, and what a look means. An error that may pass is waited out; a batch that the provider
 * does not know stays awaited until its time and the grace are over, since that alone must never buy it again. Where
 * it knows none of them, and never did, it is the wrong account's. A batch that has not ended by then and whose counters
 * stand still is cancelled, so that what it finished can be fetched and the rest be sent again.
 */
export class BatchWatch {
  readonly #context: WatchContext;
  readonly #watched = new Map<number, Watched>();
  readonly #cancelled = new Set<number>();
  /** Whether the provider has shown any batch so far. */
  #knowsAny = false;

  constructor(context: WatchContext) {
    this.#context = context;
  }

  /** To be told of a batch that was created just now. */
  begin({ chunk }: ChunkRecord): void {
    if (this.#context.pass.waits) this.#of(chunk).dueAt = Date.now() + aboutMs(this.#context.lookMs);
  }

  /** To be told of a batch that is to end before its time, for which somebody waits. */
  lookSoon({ chunk }: ChunkRecord): void {
    const watched = this.#of(chunk);
    watched.dueAt = 0;
    watched.isAwaited = true;
    watched.waitMs = this.#waits(watched).firstMs;
  }

  /** When a chunk's batch is to be looked at; at once where it was under way before, or each is looked at once only. */
  dueAt({ chunk }: ChunkRecord): number {
    return this.#of(chunk).dueAt;
  }

  #of(chunk: number): Watched {
    const known = this.#watched.get(chunk);
    if (known !== undefined) return known;
    const watched: Watched = {
      dueAt: 0,
      waitMs: this.#context.lookMs,
      isAwaited: false,
      seen: '',
      movedAt: Date.now(),
      cancelledAt: null,
      looksWithoutFiles: 0,
      looksUnknown: 0,
      looksFailed: 0,
    };
    this.#watched.set(chunk, watched);
    return watched;
  }

  /** Whether a chunk's batch was cancelled from here, for it was stuck. */
  hasCancelled({ chunk }: ChunkRecord): boolean {
    return this.#cancelled.has(chunk);
  }

  /** Looks at a chunk's batch once. @returns the batch where it has ended, however it ended; null where it has not */
  async look(chunk: ChunkRecord): Promise<RemoteBatch | null> {
    const { emit } = this.#context;
    const watched = this.#of(chunk.chunk);
    const batch = await this.#ask(chunk, watched);
    if (batch !== null && (await this.#isOver(chunk, watched, batch))) {
      this.#watched.delete(chunk.chunk);
      emit({ type: 'BatchEnded', chunk: chunk.chunk, batchId: batch.id, status: batch.status });
      return batch;
    }
    this.#requireKnown();
    watched.dueAt = Date.now() + aboutMs(watched.waitMs);
    return null;
  }

  #requireKnown(): void {
    const areUnknown = [...this.#watched.values()].every((each) => each.looksUnknown >= looksUntilBelieved);
    if (!this.#knowsAny && areUnknown) throw wrongAccount();
  }

  async #isOver(chunk: ChunkRecord, watched: Watched, batch: RemoteBatch): Promise<boolean> {
    this.#report(chunk, watched, batch);
    if (!hasEnded(batch.status)) return this.#isGivenUp(chunk, batch);
    if (!lacksResults(batch)) return true;
    if (!this.#context.pass.waits) return batch.endedAt !== null && Date.now() - batch.endedAt > lateFilesMs;
    return (watched.looksWithoutFiles += 1) >= looksUntilBelieved;
  }

  /**
   * Cancels a batch that is stuck, once; one that does not even end then is taken as it is.
   *
   * @throws BatchlineError `batch_not_cancelled` where it is to be cancelled and nothing of it moves
   */
  async #isGivenUp({ chunk, expiresAt }: ChunkRecord, batch: RemoteBatch): Promise<boolean> {
    const { batches, late, pass, signals, emit } = this.#context;
    const watched = this.#of(chunk);
    if (pass.cancels && pass.waits && Date.now() - watched.movedAt > graceMs) throw notCancelled(batch);
    const overdueMs = overdue(batch.expiresAt ?? expiresAt);
    if (overdueMs < 0) return false;
    if (batch.status === 'cancelling') watched.cancelledAt ??= Date.now();
    if (watched.cancelledAt !== null) return Date.now() - watched.cancelledAt > graceMs;
    if (late === 'wait' || (overdueMs < longestLateMs && this.#mayMove(watched))) return false;
    const message = `Batch ${batch.id} is stuck as ${batch.rawStatus} past its end; it is cancelled, and what it has not answered is sent again.`;
    emit({ type: 'Warned', message });
    this.#cancelled.add(chunk);
    if (await cancelAtProvider(batches, batch.id, signals.drain)) watched.cancelledAt = Date.now();
    return false;
  }

  /** Whether a batch's counters have moved not long ago; where it is looked at once only, nobody can tell. */
  #mayMove({ movedAt }: Watched): boolean {
    const { lookMs, pass } = this.#context;
    return !pass.waits || Date.now() - movedAt < looksUntilBelieved * lookMs;
  }

  async #ask(chunk: ChunkRecord, watched: Watched): Promise<RemoteBatch | null> {
    const { batches, signals, emit } = this.#context;
    if (chunk.batchId === null) throw new Error(`Chunk ${chunk.chunk} has no batch.`);
    try {
      const batch = await batches.look(chunk.batchId, signals.drain);
      this.#knowsAny = true;
      watched.looksUnknown = 0;
      watched.looksFailed = 0;
      return batch;
    } catch (error) {
      signals.drain.throwIfAborted();
      const isUnknown = errorCode(error) === 'batch_not_found';
      if (!(error instanceof BatchlineError) || !(error.retryable || isUnknown)) throw error;
      if (isUnknown && this.#isLost(chunk, watched)) return lostBatch(chunk.batchId);
      watched.looksFailed += 1;
      if (this.#isUnreached(watched)) throw error.asFinal();
      this.#wait(watched, false);
      const step = `look at batch ${chunk.batchId}`;
      emit({ type: 'StepRetried', step, message: error.message, waitMs: watched.waitMs });
      return null;
    }
  }

  /** Whether a batch that is to be cancelled is not waited for any longer. */
  #isUnreached({ looksFailed, looksUnknown }: Watched): boolean {
    const { cancels, waits } = this.#context.pass;
    if (!cancels) return false;
    return looksUnknown >= (waits ? 2 : 1) || (waits && looksFailed >= looksUntilBelieved);
  }

  /** @throws BatchlineError `wrong_account` where another account than the batch's own is asked */
  #isLost({ account, expiresAt }: ChunkRecord, watched: Watched): boolean {
    watched.looksUnknown += 1;
    const { pass } = this.#context;
    if (account !== null && account !== this.#context.account) {
      if (!pass.waits || pass.takesLost) throw wrongAccount();
      return false;
    }
    return pass.takesLost ? watched.looksUnknown > 1 || !pass.waits : overdue(expiresAt) >= 0;
  }

  #report({ chunk }: ChunkRecord, watched: Watched, batch: RemoteBatch): void {
    const { total = 0, completed = 0, failed = 0 } = batch.counts ?? {};
    const seen = `${batch.status} ${completed} ${failed}`;
    const isNew = seen !== watched.seen;
    this.#wait(watched, isNew);
    watched.seen = seen;
    if (isNew) watched.movedAt = Date.now();
    // Of its end an event of its own tells.
    if (!isNew || hasEnded(batch.status)) return;
    const { id: batchId, status } = batch;
    this.#context.emit({
      type: 'BatchPolled',
      chunk,
      batchId,
      status,
      completed: completed + failed,
      failed,
      total,
    });
  }

  #wait(watched: Watched, isChanged: boolean): void {
    const { firstMs, longestMs } = this.#waits(watched);
    watched.waitMs = isChanged ? firstMs : Math.min(watched.waitMs * growth, longestMs);
  }

  #waits({ isAwaited }: Watched): { readonly firstMs: number; readonly longestMs: number } {
    const { lookMs } = this.#context;
    if (isAwaited) return { firstMs: Math.min(soonMs, lookMs), longestMs: lookMs };
    return { firstMs: lookMs, longestMs: lookMs * longest };
  }
}

/** Up to a tenth more or less, so that many clients do not march in step. */
function aboutMs(waitMs: number): number {
  return waitMs * (0.9 + Math.random() / 5);
}

/** How long the grace after an end is over, in milliseconds; negative before. */
function overdue(expiresAt: number | null): number {
  return expiresAt === null ? -1 : Date.now() - expiresAt - graceMs;
}

/** Whether a batch that has ended must have results and does not say where; some servers say so a little later. */
function lacksResults({ status, counts, results }: RemoteBatch): boolean {
  if (results.some(({ holds }) => holds !== 'errors')) return false;
  return (counts?.completed ?? 0) > 0 || (status === 'completed' && results.length === 0);
}

/** What is left of a batch that the provider no longer knows: nothing of it can be fetched. */
function lostBatch(id: string): RemoteBatch {
  return {
    id,
    status: 'expired',
    rawStatus: 'lost',
    label: null,
    input: null,
    results: [],
    refusal: null,
    createdAt: null,
    expiresAt: null,
    endedAt: null,
    counts: null,
  };
}

function notCancelled({ id, rawStatus }: RemoteBatch): BatchlineError {
  return new BatchlineError(
    'batch_not_cancelled',
    `Batch ${id} was to be cancelled, and is ${rawStatus} without a change for an hour.`,
    { exitCode: 1 },
  );
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
