import type { ChunkRecord } from '../ledger/ledger.ts';
import type { Lane, Step } from './lane.ts';

export interface Lanes {
  readonly batched: Lane;
  readonly direct: Lane;
}

/** Sends each chunk on its way: one that has set out keeps to the lane that it is on. */
export class Route implements Lane {
  readonly #lanes: Lanes;
  readonly #first: keyof Lanes;

  /** @param first the lane of chunks that have not set out */
  constructor(lanes: Lanes, first: keyof Lanes) {
    this.#lanes = lanes;
    this.#first = first;
  }

  step(chunk: ChunkRecord): Promise<Step> {
    return this.#lanes[this.#laneOf(chunk)].step(chunk);
  }

  #laneOf({ state }: ChunkRecord): keyof Lanes {
    if (state === 'sealed') return this.#first;
    return state === 'asking' ? 'direct' : 'batched';
  }
}
