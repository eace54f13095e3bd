import type { Endpoint } from '../core/dialect.ts';
import type { EventListener } from '../core/events.ts';
import type { Signals } from '../core/host.ts';
import type { OpenedProvider } from '../core/provider.ts';
import { providerRetry, retry, type RetryPolicy } from '../core/retry.ts';
import { nextState, type ChunkEvent } from '../ledger/chunk-state.ts';
import type { ChunkPatch, ChunkRecord, Ledger } from '../ledger/ledger.ts';
import type { WaitingRoom } from './batched/waiting-room.ts';

/** What every step of a chunk's life needs. */
export interface StepContext {
  readonly ledger: Ledger;
  readonly provider: OpenedProvider;
  readonly runId: string;
  readonly pipeline: string;
  readonly folder: string;
  readonly endpoint: Endpoint;
  /** Where chunks wait until the provider takes another batch. */
  readonly room: WaitingRoom;
  readonly completionWindow: string;
  /** Milliseconds after which the provider deletes the files. */
  readonly expiresAfterMs: number;
  /** Milliseconds until a second look for a batch that a first look did not show. */
  readonly settleMs: number;
  /** A drain breaks off whatever can be done again for nothing, an abort even a create that is under way. */
  readonly signals: Signals;
  emit: EventListener;
}

/** Moves a chunk as the state machine says, durably, and returns it as it then is. */
export async function advance(
  context: StepContext,
  chunk: ChunkRecord,
  event: ChunkEvent,
  patch: ChunkPatch = {},
): Promise<ChunkRecord> {
  const state = nextState(chunk.state, event);
  await context.ledger.moveChunk(context.runId, chunk.chunk, state, patch);
  return { ...chunk, ...patch, state };
}

/** Makes a call that changes nothing at the provider, or nothing that matters, until it succeeds or gives up. */
export async function attempt<T>(
  context: StepContext,
  step: string,
  call: () => Promise<T>,
  policy: RetryPolicy = providerRetry,
): Promise<T> {
  const { signals, emit } = context;
  return retry(
    {
      ...policy,
      signal: signals.drain,
      onRetry: (error, waitMs) => emit({ type: 'StepRetried', step, message: error.message, waitMs }),
    },
    call,
  );
}
