import { BatchlineError } from '../../core/errors.ts';
import type { EventListener, PipelineEvent } from '../../core/events.ts';
import { type BatchSide, hasEnded, type Refusal } from '../../core/batch-side.ts';
import { backoff } from '../../core/retry.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { RoomLedger, RoomScope } from '../../ledger/room-ledger.ts';
import {
  decideRoom,
  enqueuedTokens,
  estimatesWithin,
  tokenCap,
  type EnqueuedBatch,
  type RoomDecision,
  type RoomLimits,
  type RoomState,
  type WantedRoom,
} from '../../ledger/room.ts';
import { later, type Step } from '../lane.ts';

/** The longest wait after a refusal while nothing of ours is enqueued. */
const longestHoldMs = 15 * 60_000;
/** Batches of runs that nobody may be working on, looked at in one round. */
const othersLookedAt = 20;

export interface WaitingRoomOptions {
  readonly ledger: RoomLedger;
  readonly batches: BatchSide;
  /** The account's fingerprint. */
  readonly account: string;
  readonly runId: string;
  readonly model: string;
  /** Whether each request is an embedding input. */
  readonly countsInputs: boolean;
  readonly limits: RoomLimits;
  /** Between two looks at what other processes do, in milliseconds. */
  readonly lookMs: number;
  readonly signal: AbortSignal;
  readonly emit: EventListener;
}

/** A chunk that was refused: it waits until something else has ended. */
interface Hold {
  readonly of: 'tokens' | 'batches';
  readonly endedBefore: number;
  /** Batches of other runs that were enqueued at the refusal. */
  readonly others: readonly string[];
  /**
   * When to try again where nothing has ended, for nothing is enqueued that could; milliseconds since 1970.
   */
  readonly until: number;
}

type RoomWait = Pick<Extract<PipelineEvent, { readonly type: 'RoomAwaited' }>, 'for' | 'used' | 'limit'>;

type Admission = Exclude<RoomDecision, { readonly kind: 'wait' }>;

/**
 * Where the chunks of a run wait until the provider has room for them beside what this and other runs have enqueued.
 * Nothing is reserved by waiting: whichever chunk fits goes first, so that small ones overtake. Only `claim` takes
 * room, in one transaction of the ledger with the create's intent.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #scope: RoomScope;
  readonly #holds = new Map<number, Hold>();
  readonly #waiting = new Set<number>();
  #endedBatches = 0;
  #state: RoomState | null = null;
  #stateAt = 0;
  #isFresh = false;
  #othersAt = 0;
  #told = '';
  /** How many batches were under way when the last one was refused for it, and how long that is believed. */
  #batchCap = { batches: Infinity, until: 0 };
  #fileBytes = Infinity;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
    this.#scope = {
      account: options.account,
      model: options.model,
      limits: options.limits,
    };
  }

  /**
   * The most estimated tokens that a new file is to hold: half of the limit on enqueued tokens, so that one file can be
   * answered while the next is validated, or what the user has set, as far as it fits. Infinity where nothing is known.
   */
  fileTokens(configured: number | undefined): number {
    const cap = this.#state === null ? null : tokenCap(this.#state);
    if (cap === null) return configured ?? Infinity;
    const largest = Math.max(1, estimatesWithin(cap.tokens, this.#state?.tokensPerEstimate ?? 1));
    return Math.min(configured ?? Math.max(1, Math.floor(largest / 2)), largest);
  }

  /** The most bytes that a new file is to hold: half of the smallest that was refused for its size. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** What an estimated token of the model has come to so far. */
  get tokensPerEstimate(): number {
    return this.#state?.tokensPerEstimate ?? 1;
  }

  /** The provider has refused a file of so many bytes for its size. */
  refusedSize(bytes: number): void {
    this.#fileBytes = Math.min(this.#fileBytes, Math.ceil(bytes / 2));
  }

  /** Looks what the ledger knows. To be called before the first file is written. */
  async open(): Promise<void> {
    await this.#look();
  }

  /** Whether there is room at this moment; null where there is none. */
  async look(chunk: ChunkRecord): Promise<Admission | null> {
    const state = await this.#look();
    const decision = decideRoom(state, this.#wanted(chunk));
    const admission = decision.kind === 'wait' || this.#mustWait(decision, chunk, state) ? null : decision;
    if (admission !== null) {
      this.#waiting.delete(chunk.chunk);
      return admission;
    }
    this.#waiting.add(chunk.chunk);
    this.#tell(decision, chunk, state);
    return null;
  }

  #mustWait({ kind }: Admission, chunk: ChunkRecord, state: RoomState): boolean {
    return kind === 'take' && (this.#isHeld(chunk, state) || this.#isFull(chunk, state));
  }

  /** The step of a chunk that found no room: it looks again before long, and whenever a batch has ended. */
  async wait(): Promise<Step> {
    await this.#lookAtOthers();
    return later(Date.now() + this.#options.lookMs, 'room');
  }

  /** Writes the intent to create a chunk's batch. @returns null where there is no room after all */
  async claim(chunk: ChunkRecord): Promise<ChunkRecord | null> {
    const { runId, chunk: number, state, epoch } = chunk;
    const place = { runId, chunk: number, state, epoch };
    const wanted = this.#wanted(chunk);
    const claimed = await this.#options.ledger.claimRoom({
      ...this.#scope,
      ...place,
      wanted,
      now: Date.now(),
    });
    this.lookAgain();
    return claimed.chunk;
  }

  /**
   * Holds a chunk whose batch was refused for want of room until another has ended; a refusal for want of tokens
   * teaches their limit too.
   */
  async refused(
    chunk: ChunkRecord,
    { of, limit, message }: Extract<Refusal, { kind: 'room' }>,
  ): Promise<void> {
    const { ledger, runId, emit, lookMs } = this.#options;
    emit({ type: 'BatchDeferred', chunk: chunk.chunk, message });
    const refusal = { runId, chunk: chunk.chunk, statedLimit: limit, now: Date.now() };
    if (of === 'tokens') await ledger.learnFromRefusal({ ...this.#scope, ...refusal });
    this.lookAgain();
    const beside = await this.batchesBeside(chunk);
    if (of === 'batches' && beside > 0) {
      this.#batchCap = { batches: beside, until: refusal.now + longestHoldMs };
      return;
    }
    this.#holds.set(chunk.chunk, {
      of,
      endedBefore: this.#endedBatches,
      others: this.#othersIn(await this.#look()),
      until: refusal.now + backoff(chunk.attempt, { firstWaitMs: lookMs, longestWaitMs: longestHoldMs }),
    });
  }

  /** How many batches beside a chunk's own the ledger knows to be under way, each of which will end. */
  async batchesBeside(chunk: ChunkRecord): Promise<number> {
    const { enqueued } = await this.#look();
    return this.#beside(enqueued, chunk.chunk).filter(({ batchId }) => batchId !== null).length;
  }

  #beside(enqueued: readonly EnqueuedBatch[], chunk: number): readonly EnqueuedBatch[] {
    return enqueued.filter((other) => other.runId !== this.#options.runId || other.chunk !== chunk);
  }

  /** To be called when a batch of this run has ended. */
  batchEnded(): void {
    this.#endedBatches += 1;
    this.lookAgain();
  }

  /** Has whoever looks next ask the ledger. */
  lookAgain(): void {
    this.#isFresh = false;
  }

  #wanted({ requests, tokens }: ChunkRecord): WantedRoom {
    return { requests, tokens, inputs: this.#options.countsInputs ? requests : 0 };
  }

  /** All that wait share one look until something changes. */
  async #look(): Promise<RoomState> {
    const now = Date.now();
    if (this.#state !== null && this.#isFresh && now - this.#stateAt < this.#options.lookMs)
      return this.#state;
    this.#isFresh = true;
    this.#stateAt = now;
    this.#state = await this.#options.ledger.roomState(this.#scope, now);
    return this.#state;
  }

  #isHeld({ chunk }: ChunkRecord, state: RoomState): boolean {
    const hold = this.#holds.get(chunk);
    if (hold === undefined) return false;
    const others = this.#othersIn(state);
    const isFree =
      this.#endedBatches > hold.endedBefore ||
      hold.others.some((other) => !others.includes(other)) ||
      ((hold.of === 'batches' || enqueuedTokens(state) === 0) && Date.now() >= hold.until);
    if (isFree) this.#holds.delete(chunk);
    return !isFree;
  }

  /** Files that are being created count too, so that each batch that ends lets one in. */
  #isFull(chunk: ChunkRecord, state: RoomState): boolean {
    const { batches, until } = this.#batchCap;
    return Date.now() < until && this.#beside(state.enqueued, chunk.chunk).length >= batches;
  }

  #othersIn({ enqueued }: RoomState): readonly string[] {
    const others = enqueued.filter(({ runId, tokens }) => runId !== this.#options.runId && tokens > 0);
    return others.map(({ runId, chunk }) => `${runId}/${chunk}`);
  }

  #tell(decision: RoomDecision, chunk: ChunkRecord, state: RoomState): void {
    const wait: RoomWait = decision.kind === 'wait' ? decision : this.#ownWait(chunk, state);
    const told = `${wait.for} ${wait.used} ${wait.limit}`;
    if (told === this.#told) return;
    this.#told = told;
    const { used, limit } = wait;
    this.#options.emit({ type: 'RoomAwaited', for: wait.for, used, limit, files: this.#waiting.size });
  }

  /** What a chunk waits for by what was learned here, while the ledger knows of room. */
  #ownWait(chunk: ChunkRecord, state: RoomState): RoomWait {
    if (this.#isFull(chunk, state))
      return {
        for: 'batches',
        used: this.#beside(state.enqueued, chunk.chunk).length,
        limit: this.#batchCap.batches,
      };
    return { for: 'tokens', used: enqueuedTokens(state), limit: tokenCap(state)?.tokens ?? 0 };
  }

  /** A batch whose run nobody works on ends unseen, and would take room until it expires. */
  async #lookAtOthers(): Promise<void> {
    const { ledger, batches, runId, lookMs, signal } = this.#options;
    const { enqueued } = await this.#look();
    if (Date.now() - this.#othersAt < lookMs) return;
    this.#othersAt = Date.now();
    for (const batch of enqueued.filter((other) => other.runId !== runId).slice(0, othersLookedAt)) {
      if (batch.batchId === null) continue;
      const status = await batches.look(batch.batchId, signal).then(
        (found) => found.status,
        (error: unknown) => {
          signal.throwIfAborted();
          if (error instanceof BatchlineError) return null;
          throw error;
        },
      );
      if (status === null || !hasEnded(status)) continue;
      await ledger.noteBatchStatus(batch.runId, batch.chunk, status);
      this.lookAgain();
    }
  }
}
