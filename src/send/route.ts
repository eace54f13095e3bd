import type { ChunkRecord } from '../ledger/ledger.ts';
import type { Ways } from './auto/ways.ts';
import type { Gate } from './gate.ts';
import { type Lane, later, left, type Step } from './lane.ts';

export interface Lanes {
  readonly batch: Lane;
  readonly standard: Lane;
}

/** Sends each chunk on its way, as soon as that is known. */
export class Route implements Lane {
  readonly #lanes: Lanes;
  readonly #ways: Pick<Ways, 'wayOf'>;
  readonly #gates: readonly Pick<Gate, 'mayLeave'>[];

  constructor(lanes: Lanes, ways: Pick<Ways, 'wayOf'>, gates: readonly Pick<Gate, 'mayLeave'>[] = []) {
    this.#lanes = lanes;
    this.#ways = ways;
    this.#gates = gates;
  }

  async step(chunk: ChunkRecord): Promise<Step> {
    if (chunk.state === 'sealed' && this.#gates.some((gate) => !gate.mayLeave(chunk))) return left;
    const way = this.#ways.wayOf(chunk);
    return way === 'wait' ? later(Infinity, 'way') : this.#lanes[way].step(chunk);
  }
}
