import { windowMs } from '../../core/tier-names.ts';
import type { Clock } from './clock.ts';

/** So often it is seen to at least whether there is room. */
const longestRoomMs = 1000;

/** What a run's requests within windows share: how often each is looked at, and how many there may be at a time. */
export class Windows {
  /** The first wait between two looks at a request. */
  readonly lookMs: number;
  readonly #most: number;
  readonly #clock: Clock;
  #underWay = 0;

  /** @param most under way at a time */
  constructor(lookMs: number, most: number, clock: Clock) {
    this.lookMs = lookMs;
    this.#most = most;
    this.#clock = clock;
  }

  /** Resolves when another may begin, or `tier` says that it is to be answered at once after all. */
  async room(tier: () => string | undefined, stop: AbortSignal): Promise<void> {
    while (this.#underWay >= this.#most && windowMs(tier()) !== null)
      await this.#clock.sleep(Math.min(this.lookMs, longestRoomMs), stop);
  }

  async hold(answered: Promise<void>): Promise<void> {
    this.#underWay += 1;
    try {
      await answered;
    } finally {
      this.#underWay -= 1;
    }
  }
}
