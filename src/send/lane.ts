import type { BatchlineError } from '../core/errors.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';

/**
 * What a chunk waits for: which way it is to go, its turn, room at the provider, its batch's end, a second look, or a call
 * that is to be made again.
 */
export type Waiting = 'way' | 'turn' | 'room' | 'batch' | 'settling' | 'retry';

/**
 * What came of a step.
 * - `moved`: the chunk is in another state, durably, or its record has changed
 * - `later`: there is nothing to do before `at`, in milliseconds since 1970
 * - `left`: this process takes it no further
 * - `stuck`: no process does before a person has decided, which the error asks for
 */
export type Step =
  | { readonly kind: 'moved'; readonly chunk: ChunkRecord }
  | { readonly kind: 'later'; readonly at: number; readonly why: Waiting }
  | { readonly kind: 'left' }
  | { readonly kind: 'stuck'; readonly why: BatchlineError };

/**
 * A way to the provider and back: takes a chunk from `sealed` to `downloaded`, a step at a time. A step may make calls,
 * but it never waits: what is not there yet is left to a later step, so that whoever drives chunks decides what to do
 * meanwhile, and another process can take the next step.
 */
export interface Lane {
  /** @param chunk as the last step left it */
  step(chunk: ChunkRecord): Promise<Step>;
}

export const left: Step = { kind: 'left' };

export function moved(chunk: ChunkRecord): Step {
  return { kind: 'moved', chunk };
}

export function later(at: number, why: Waiting): Step {
  return { kind: 'later', at, why };
}
