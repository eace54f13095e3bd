import { sleep } from '../../core/async.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { EventListener } from '../../core/events.ts';
import type { OpenedProvider } from '../../core/provider.ts';
import { backoff } from '../../core/retry.ts';
import { nextState } from '../../ledger/chunk-state.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { RoomLedger, RoomScope } from '../../ledger/room-ledger.ts';
import {
  decideRoom,
  enqueuedTokens,
  estimatesWithin,
  tokenCap,
  type RoomDecision,
  type RoomLimits,
  type RoomState,
  type WantedRoom,
} from '../../ledger/room.ts';
import { ended } from './poller.ts';

/** The longest wait after a refusal while nothing of ours is enqueued. */
const longestHoldMs = 15 * 60_000;
/** Batches of runs that nobody may be working on, looked at in one round. */
const othersLookedAt = 20;

export interface WaitingRoomOptions {
  readonly ledger: RoomLedger;
  readonly provider: OpenedProvider;
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
  readonly endedBefore: number;
  /** Batches of other runs that were enqueued at the refusal. */
  readonly others: readonly string[];
  /** When to try again where nothing is enqueued; milliseconds since 1970. */
  readonly until: number;
}

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
  #changed = Promise.withResolvers<void>();
  #endedBatches = 0;
  #state: RoomState | null = null;
  #stateAt = 0;
  #isFresh = false;
  #othersAt = 0;
  #told = '';

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
    this.#scope = {
      account: options.provider.accountFingerprint,
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

  /** Looks what the ledger knows. To be called before the first file is written. */
  async open(): Promise<void> {
    await this.#look();
  }

  /**
   * Resolves when there seems to be room for a chunk, or never will be.
   *
   * @param check called before each look; what it throws ends the waiting
   */
  async wait(chunk: ChunkRecord, check: () => void): Promise<Admission> {
    this.#waiting.add(chunk.chunk);
    try {
      for (;;) {
        const change = this.#changed.promise;
        this.#options.signal.throwIfAborted();
        check();
        const admission = await this.look(chunk);
        if (admission !== null) return admission;
        await this.#lookAtOthers();
        await this.#next(change);
      }
    } finally {
      this.#waiting.delete(chunk.chunk);
    }
  }

  /** Whether there is room at this moment; null where there is none. */
  async look(chunk: ChunkRecord): Promise<Admission | null> {
    const state = await this.#look();
    const decision = decideRoom(state, this.#wanted(chunk));
    if (decision.kind === 'too_large') return decision;
    if (decision.kind === 'take' && !this.#isHeld(chunk, state)) return decision;
    this.#tell(decision, state);
    return null;
  }

  /** Writes the intent to create a chunk's batch. @returns null where there is no room after all */
  async claim(chunk: ChunkRecord): Promise<ChunkRecord | null> {
    const { ledger, runId } = this.#options;
    const { chunk: number, state: before, epoch } = chunk;
    const wanted = this.#wanted(chunk);
    const claim = { ...this.#scope, runId, chunk: number, state: before, epoch, wanted, now: Date.now() };
    const { kind } = await ledger.claimRoom(claim);
    this.#isFresh = false;
    if (kind !== 'take') return null;
    const { account } = this.#scope;
    const state = nextState(before, 'create_intended');
    return { ...chunk, state, account, batchId: null, batchStatus: null, expiresAt: null };
  }

  /** Learns from the refusal of a chunk's batch for want of room; the chunk then waits until another has ended. */
  async refused(chunk: ChunkRecord, message: string): Promise<void> {
    const { ledger, runId, emit, lookMs } = this.#options;
    emit({ type: 'BatchDeferred', chunk: chunk.chunk, message });
    const refusal = { runId, chunk: chunk.chunk, statedLimit: statedLimit(message), now: Date.now() };
    const state = await ledger.learnFromRefusal({ ...this.#scope, ...refusal });
    this.#state = state;
    this.#holds.set(chunk.chunk, {
      endedBefore: this.#endedBatches,
      others: this.#othersIn(state),
      until: refusal.now + backoff(chunk.attempt, { firstWaitMs: lookMs, longestWaitMs: longestHoldMs }),
    });
    this.wake();
  }

  /** To be called when a batch of this run has ended. */
  batchEnded(): void {
    this.#endedBatches += 1;
    this.wake();
  }

  /** Has every waiting chunk look again. */
  wake(): void {
    this.#isFresh = false;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
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
      (enqueuedTokens(state) === 0 && Date.now() >= hold.until);
    if (isFree) this.#holds.delete(chunk);
    return !isFree;
  }

  #othersIn({ enqueued }: RoomState): readonly string[] {
    const others = enqueued.filter(({ runId, tokens }) => runId !== this.#options.runId && tokens > 0);
    return others.map(({ runId, chunk }) => `${runId}/${chunk}`);
  }

  #tell(decision: RoomDecision, state: RoomState): void {
    const cap = tokenCap(state);
    const wait =
      decision.kind === 'wait'
        ? decision
        : { for: 'tokens' as const, used: enqueuedTokens(state), limit: cap?.tokens ?? 0 };
    const told = `${wait.for} ${wait.used} ${wait.limit}`;
    if (told === this.#told) return;
    this.#told = told;
    const { used, limit } = wait;
    this.#options.emit({ type: 'RoomAwaited', for: wait.for, used, limit, files: this.#waiting.size });
  }

  /** A batch whose run nobody works on ends unseen, and would take room until it expires. */
  async #lookAtOthers(): Promise<void> {
    const { ledger, provider, runId, lookMs, signal } = this.#options;
    const { enqueued } = await this.#look();
    if (Date.now() - this.#othersAt < lookMs) return;
    this.#othersAt = Date.now();
    for (const batch of enqueued.filter((other) => other.runId !== runId).slice(0, othersLookedAt)) {
      if (batch.batchId === null) continue;
      const status = await provider.getBatch(batch.batchId, signal).then(
        (found) => found.status,
        (error: unknown) => {
          signal.throwIfAborted();
          if (error instanceof BatchlineError) return null;
          throw error;
        },
      );
      if (status === null || !ended.has(status)) continue;
      await ledger.noteBatchStatus(batch.runId, batch.chunk, status);
      this.wake();
    }
  }

  async #next(change: Promise<void>): Promise<void> {
    const { signal, lookMs } = this.#options;
    const looked = new AbortController();
    const clock = sleep(lookMs, AbortSignal.any([signal, looked.signal])).catch(() => {});
    await Promise.race([change, clock]);
    looked.abort();
  }
}

/** `Limit: 2,000,000 enqueued tokens`; null where the message names none. */
export function statedLimit(message: string): number | null {
  const match = /\blimit:\s*(\d{1,3}(?:[,._ ]\d{3})+(?!\d)|\d+)/i.exec(message);
  const digits = match?.[1]?.replaceAll(/\D/g, '') ?? '';
  return Number(digits) > 0 ? Number(digits) : null;
}
