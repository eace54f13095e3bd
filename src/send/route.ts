import type { ChunkRecord } from '../ledger/ledger.ts';
import type { Ways } from './auto/ways.ts';
import { type Lane, later, type Step } from './lane.ts';

export interface Lanes {
  readonly batch: Lane;
  readonly standard: Lane;
}

/** Sends each chunk on its way, as soon as that is known. */
export class Route implements Lane {
  readonly #lanes: Lanes;
  readonly #ways: Pick<Ways, 'wayOf'>;

  constructor(lanes: Lanes, ways: Pick<Ways, 'wayOf'>) {
    this.#lanes = lanes;
    this.#ways = ways;
  }

  async step(chunk: ChunkRecord): Promise<Step> {
    const way = this.#ways.wayOf(chunk);
    return way === 'wait' ? later(Infinity, 'way') : this.#lanes[way].step(chunk);
  }
}
