import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideBudget, leftOf, type BudgetStanding } from '../../src/ledger/budget.ts';

function standing(changes: Partial<BudgetStanding> = {}): BudgetStanding {
  return { name: 'max_cost', limit: 100, spent: 0, underWay: 0, unknown: 0, ...changes };
}

const file = (most: number, requests = 10, mostOfAnswer = 1) => ({ most, requests, mostOfAnswer });

describe('a budget', () => {
  it.each([
    ['lets all pass where none is set', [], file(1e9), 'take'],
    ['lets pass what exactly fits', [standing({ spent: 60, unknown: 30 })], file(10), 'take'],
    ['has a smaller file made of one that is too dear', [standing({ spent: 60 })], file(41), 'too_dear'],
    ['waits for what is under way', [standing({ spent: 50, underWay: 20 })], file(31), 'wait'],
    ['waits for nothing that will not come back', [standing({ unknown: 95 })], file(6, 1), 'used_up'],
    ['is used up where not one answer fits', [standing({ spent: 99.5 })], file(10), 'used_up'],
    ['is used up where a limit was lowered', [standing({ spent: 120 })], file(1), 'used_up'],
  ] as const)('%s', (_, standings, wanted, kind) => {
    expect(decideBudget(standings, wanted).kind).toBe(kind);
  });

  it('goes by the limit that leaves least', () => {
    const month = standing({ name: 'per_month', limit: 300, spent: 280 });
    expect(decideBudget([standing(), month], file(30))).toEqual({
      kind: 'too_dear',
      standing: month,
      largest: 20,
    });
  });

  it('is never overspent at the true bill, whatever several runs send, get back and lose', () => {
    const step = fc.record({
      run: fc.nat(2),
      most: fc.integer({ min: 1, max: 60 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      ends: fc.constantFrom('settles', 'is lost', 'stays'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const runs = [0, 1, 2].map(() => standing());
        let billed = 0;
        const billedOf = [0, 0, 0];
        for (const { run, most, share, ends } of steps) {
          const month = standing({
            name: 'per_month',
            limit: 150,
            spent: sum(runs, 'spent'),
            underWay: sum(runs, 'underWay'),
            unknown: sum(runs, 'unknown'),
          });
          const own = runs[run] ?? standing();
          if (decideBudget([own, month], file(most)).kind !== 'take') continue;
          // The provider bills at once, whatever we come to know of it.
          const real = Math.floor(most * share);
          billed += real;
          billedOf[run] = (billedOf[run] ?? 0) + real;
          runs[run] =
            ends === 'settles'
              ? { ...own, spent: own.spent + real }
              : ends === 'is lost'
                ? { ...own, unknown: own.unknown + most }
                : { ...own, underWay: own.underWay + most };
          expect(leftOf(runs[run])).toBeGreaterThanOrEqual(0);
          expect(billedOf[run]).toBeLessThanOrEqual(own.limit);
          expect(billed).toBeLessThanOrEqual(month.limit);
        }
      }),
    );
  });
});

function sum(runs: readonly BudgetStanding[], what: 'spent' | 'underWay' | 'unknown'): number {
  return runs.reduce((total, run) => total + run[what], 0);
}
