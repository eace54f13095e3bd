import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mostCost, type RequestsSize } from '../../src/cost/most-cost.ts';
import type { Prices, Service } from '../../src/cost/prices.ts';
import { costAt, flatRate, type Rates } from '../../src/cost/rates.ts';

const tiered: Rates = {
  input: { base: 1, tiers: [{ start: 1000, price: 2 }] },
  output: { base: 4, tiers: [{ start: 1000, price: 6 }] },
  cached: flatRate(0.1),
  cacheWrite: { base: 2, tiers: [{ start: 1000, price: 4 }] },
  cacheWriteBriefly: flatRate(1.25),
  request: 0.001,
};
const factors: Readonly<Record<string, number>> = { priority: 2, flex: 0.5 };
const prices: Prices = {
  asOf: null,
  by: 'test',
  remark: null,
  cost: (tokens, { way, tier }) =>
    tier === 'unheard' ? null : costAt(tiered, tokens) * (way === 'batch' ? 0.5 : (factors[tier ?? ''] ?? 1)),
};
const batch: Service = { way: 'batch', tier: null };
const direct = (tier: string | null): Service => ({ way: 'standard', tier });

function size(changes: Partial<RequestsSize> = {}): RequestsSize {
  return { requests: 10, bytes: 2000, longest: 300, outputCeiling: 100, writesCache: false, ...changes };
}

const most = (
  changes: Partial<RequestsSize>,
  services: readonly Service[] = [batch],
  seen?: number,
): number => mostCost(size(changes), prices, services, seen ?? null) ?? NaN;

describe('the most that a file may cost', () => {
  it('is that of the dearest way it may go', () => {
    expect(most({}, [batch, direct('priority')])).toBe(most({}, [direct('priority')]));
    expect(most({}, [direct('flex'), direct(null)])).toBe(most({}, [direct(null)]));
    expect(mostCost(size(), prices, [batch, direct('unheard')], null)).toBeNull();
  });

  it('goes by what answers have told of tokens per byte, and a tenth more', () => {
    expect(most({}, [batch], 0.5 / 1.1)).toBeCloseTo(most({}), 12);
    expect(most({}, [batch], 0.2)).toBeLessThan(most({}));
  });

  it('is dearer where caches are written, or a prompt may reach a dearer price', () => {
    expect(most({ writesCache: true })).toBeGreaterThan(most({}));
    expect(most({ longest: 2000 })).toBe(most({}));
    expect(most({ longest: 2002 })).toBeGreaterThan(most({}));
  });

  it('is never below the bill, whatever lengths requests and answers have', () => {
    const request = fc.record({
      bytes: fc.integer({ min: 1, max: 5000 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      output: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        (requests, writesCache) => {
          const bill = requests.reduce((sum, { bytes, share, output }) => {
            const input = Math.ceil((bytes / 2) * share);
            const tokens = { input, output, cached: 0, cacheWrite: writesCache ? input : 0 };
            return sum + (prices.cost(tokens, batch) ?? NaN);
          }, 0);
          const bytes = requests.map((each) => each.bytes);
          const file = {
            requests: requests.length,
            bytes: bytes.reduce((sum, each) => sum + each, 0),
            longest: Math.max(...bytes),
            writesCache,
          };
          expect(most(file)).toBeGreaterThanOrEqual(bill - 1e-12);
        },
      ),
    );
  });
});
