import type { Refusal } from '../../core/batch-side.ts';
import type { BatchlineError } from '../../core/errors.ts';
import type { ChunkState } from '../../ledger/chunk-state.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { Verdict } from './verdict.ts';

/**
 * What this process knows of a chunk beside its record. Nothing here decides what is bought: a process that knows none
 * of it, as after a crash, goes on from the record and only waits, and looks, a little longer.
 */
export interface Memory {
  /** Calls of the present state that failed and may be made again. */
  tries: number;
  /** Milliseconds since 1970 before which a call that failed is not made again; over all states. */
  notBefore: number;
  /** Creates that failed, over all states. */
  creates: number;
  /** What the last create was answered with, where that was no batch: it may have been carried out all the same. */
  unsettled: BatchlineError | Refusal | null;
  /** When the second look of the present state is due; null before the first. */
  secondLookAt: number | null;
  /** When a create whose outcome is unknown was surely over, in milliseconds since 1970; null before it is looked for. */
  createOverAt: number | null;
  /** What is known of each batch that may be what such a create has made, by its id. */
  readonly verdicts: Map<string, Verdict>;
  /** Parts of the results that are on disk already. */
  readonly fetched: Set<string>;
  /** Parts of the results that the provider no longer has, and that are given up. */
  readonly gone: Set<string>;
  /** When the provider first said that it does not have one; null before. */
  missingSince: number | null;
  /** Whether the provider was asked to cancel its batch. */
  isCancelled: boolean;
}

/** The memories of all chunks of a lane. */
export class Memories {
  readonly #memories = new Map<number, { readonly state: ChunkState; readonly memory: Memory }>();

  /** A chunk's memory, fresh for each state but for what is said to be over all. */
  of({ chunk, state }: ChunkRecord): Memory {
    const known = this.#memories.get(chunk);
    if (known?.state === state) return known.memory;
    const memory: Memory = {
      tries: 0,
      notBefore: known?.memory.notBefore ?? 0,
      creates: known?.memory.creates ?? 0,
      unsettled: known?.memory.unsettled ?? null,
      secondLookAt: null,
      createOverAt: null,
      verdicts: new Map(),
      fetched: new Set(),
      gone: new Set(),
      missingSince: null,
      isCancelled: false,
    };
    this.#memories.set(chunk, { state, memory });
    return memory;
  }

  forget({ chunk }: ChunkRecord): void {
    this.#memories.delete(chunk);
  }
}
