import type { DirectSide } from '../../core/direct-side.ts';

export interface Timed {
  readonly direct: DirectSide;
  /** Notes what was taken since it was called last. */
  readonly keep: () => Promise<void>;
}

/** A provider's synchronous side that is timed; a refusal says nothing of how long answers take. */
export function timed(direct: DirectSide, note: (ms: readonly number[]) => Promise<void>): Timed {
  let taken: number[] = [];
  return {
    direct: {
      ...(direct.later === undefined ? {} : { later: direct.later }),
      ask: async (...request) => {
        const begun = performance.now();
        const response = await direct.ask(...request);
        if (response.status < 300) taken.push(performance.now() - begun);
        return response;
      },
    },
    keep: async () => {
      const ms = taken;
      taken = [];
      if (ms.length > 0) await note(ms);
    },
  };
}
