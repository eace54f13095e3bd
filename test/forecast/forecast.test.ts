import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { forecast, type Ahead } from '../../src/forecast/forecast.ts';

const hours = (...each: number[]) => each.map((ms) => ({ requests: 100, ms }));
const ten = hours(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

function ahead(ages: readonly (number | null)[], limits: Omit<Ahead, 'batches'> = {}): Ahead {
  return { ...limits, batches: ages.map((ageMs) => ({ requests: 100, tokens: 10, ageMs })) };
}

test.each([
  ['fewer than five past batches say nothing', hours(1, 2, 3, 4), ahead([null]), null],
  ['one still to be sent', ten, ahead([null]), { kind: 'in', p50: 5, p90: 9 }],
  ['one just sent', ten, ahead([0]), { kind: 'in', p50: 5, p90: 9 }],
  [
    'one that is 3 old is held against those that took longer',
    ten,
    ahead([3]),
    { kind: 'in', p50: 4, p90: 7 },
  ],
  ['the last of several counts', ten, ahead([9, 3, null]), { kind: 'in', p50: 5, p90: 9 }],
  ['older than any known', ten, ahead([10]), { kind: 'overdue', longestMs: 10 }],
  [
    'rounds by how many may be under way',
    ten,
    ahead([null, null, null], { atOnce: 1 }),
    { kind: 'in', p50: 15, p90: 27 },
  ],
  [
    'rounds by enqueued tokens',
    ten,
    ahead([null, null, null], { maxTokens: 20 }),
    { kind: 'in', p50: 10, p90: 18 },
  ],
  [
    'a file above the limit goes alone',
    ten,
    ahead([null, null], { maxTokens: 5 }),
    { kind: 'in', p50: 10, p90: 18 },
  ],
  [
    'what waits follows what is under way',
    ten,
    ahead([3, null], { atOnce: 1 }),
    { kind: 'in', p50: 9, p90: 16 },
  ],
  ['nothing is left', ten, ahead([]), { kind: 'in', p50: 0, p90: 0 }],
])('%s', (_, past, wanted, expected) => {
  expect(forecast(past, wanted)).toEqual(expected);
});

test('batches of about the size weigh more', () => {
  const small = Array.from({ length: 6 }, () => ({ requests: 10, ms: 1 }));
  const large = Array.from({ length: 6 }, () => ({ requests: 10_000, ms: 100 }));
  const p50 = (requests: number) => {
    const of = forecast([...small, ...large], { batches: [{ requests, tokens: 1, ageMs: null }] });
    return of?.kind === 'in' ? of.p50 : null;
  };
  expect([p50(10), p50(10_000)]).toEqual([1, 100]);
});

const pastBatches = fc.array(
  fc.record({ requests: fc.integer({ min: 0, max: 50_000 }), ms: fc.integer({ min: 0, max: 86_400_000 }) }),
  { minLength: 5, maxLength: 40 },
);
const open = fc.record({
  requests: fc.integer({ min: 0, max: 50_000 }),
  tokens: fc.integer({ min: 0, max: 1000 }),
  ageMs: fc.option(fc.integer({ min: 0, max: 90_000_000 })),
});
const aheads = fc.record({
  batches: fc.array(open, { maxLength: 20 }),
  maxTokens: fc.option(fc.integer({ min: 1, max: 3000 })),
  atOnce: fc.option(fc.integer({ min: 1, max: 5 })),
});

test('never in the past, and never later in half of all cases than in nine of ten', () => {
  fc.assert(
    fc.property(pastBatches, aheads, (past, wanted) => {
      const found = forecast(past, wanted);
      const [p50, p90] = found?.kind === 'in' ? [found.p50, found.p90] : [0, 0];
      expect(p50).toBeGreaterThanOrEqual(0);
      expect(p90).toBeGreaterThanOrEqual(p50);
    }),
  );
});

test('more room never makes a run of equal batches longer', () => {
  fc.assert(
    fc.property(pastBatches, fc.nat(12), fc.integer({ min: 1, max: 6 }), (past, files, atOnce) => {
      const of = (places: number) => forecast(past, ahead(Array(files).fill(null), { atOnce: places }));
      const [narrow, wide] = [of(atOnce), of(atOnce + 1)];
      if (narrow?.kind !== 'in' || wide?.kind !== 'in') throw new Error('no forecast');
      expect(wide.p50).toBeLessThanOrEqual(narrow.p50);
      expect(wide.p90).toBeLessThanOrEqual(narrow.p90);
    }),
  );
});

test('ten thousand batches are forecast in the blink of an eye', () => {
  const past = Array.from({ length: 200 }, (_, index) => ({
    requests: 1000 + index,
    ms: 1000 * (index + 1),
  }));
  const batches = Array.from({ length: 10_000 }, (_, index) => ({
    requests: 1000,
    tokens: 10,
    ageMs: index < 100 ? index : null,
  }));
  const before = process.cpuUsage();
  expect(forecast(past, { batches, atOnce: 100 })?.kind).toBe('in');
  expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
});
