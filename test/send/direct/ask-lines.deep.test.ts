import { expect, test } from 'vitest';
import { ask, type Fate } from './ask-scene.ts';

const fine: Fate = { status: 200 };

test.each([1, 16])(
  'a row that breaks the provider is given up after ten tries, %i at a time',
  async (concurrency) => {
    const tries: number[] = [];
    const { answered, givenUp } = await ask({
      // So many that others are answered all the while.
      rows: 20_000 / (concurrency === 1 ? 2 : 1),
      limits: { concurrency, requestsPerMinute: 2000 },
      fate: (row, at) => {
        if (row !== 3) return fine;
        tries.push(at);
        return { status: 500 };
      },
    });
    expect(givenUp).toEqual(['3 never_ran']);
    expect(tries).toHaveLength(10);
    expect(answered.has(3)).toBe(false);
  },
);
