import { expect, it } from 'vitest';
import { costText } from '../../src/cli/cost-text.ts';
import { dollars } from '../../src/cli/render/words.ts';
import { noCost } from '../../src/ledger/cost.ts';

it('money is shown in cents, or in as many places as two digits take', () => {
  const shown = [0, 0.21, 0.0034, 1204.5, 0.2149, 0.0999, 0.099, 0.00001234, 1e-15, 12_345_678.9, -0.02];
  expect(shown.map(dollars).join(' ')).toBe(
    '$0.00 $0.21 $0.0034 $1,204.50 $0.21 $0.10 $0.099 $0.000012 $0.000000000000 $12,345,678.90 -$0.020',
  );
});

it('a cost is told with what batches and caches saved of the list price', () => {
  const cost = { ...noCost, usd: 0.21, listUsd: 0.45, cacheSavedUsd: 0.03 };
  expect(costText(0.21, cost)).toBe('$0.21 (list price $0.45, saved $0.21 by batch, $0.030 by cache)');
  expect(costText(0.21, { ...cost, cacheSavedUsd: 0 })).toBe(
    '$0.21 (list price $0.45, saved $0.24 by batch)',
  );
  expect(costText(0.45, { ...cost, usd: 0.45, cacheSavedUsd: 0 })).toBe('$0.45');
  expect(costText(0, noCost)).toBe('$0.00');
});

it('an unknown cost is told as that, with what is known of it', () => {
  expect(costText(null, { ...noCost, unpriced: 1 })).toBe('unknown (1 answer of unknown price)');
  expect(costText(null, { ...noCost, usd: 2, unpriced: 1200 })).toBe(
    'unknown ($2.00 and 1,200 answers of unknown price)',
  );
  expect(costText(null, noCost)).toBe('unknown');
});
