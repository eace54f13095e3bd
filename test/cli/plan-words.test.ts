import { expect, test } from 'vitest';
import { planLine, type PlanLine } from '../../src/cli/render/plan-words.ts';

const plan: PlanLine = {
  sureness: 'exact',
  requests: 4812,
  files: 3,
  input: 1_893_211,
  isExact: false,
  way: 'batch',
  cost: { batch: 0.21, standard: 0.42 },
  done: null,
};

test.each<[string, Partial<PlanLine>]>([
  ['4,812 requests in 3 files, about 1.9 M tokens, $0.21 by batch, $0.42 now', {}],
  ['about 4,812 requests in 3 files, about 1.9 M tokens, $0.21 by batch, $0.42 now', { sureness: 'about' }],
  [
    'at least 1 request in 1 file, 44 tokens, cost unknown',
    {
      sureness: 'at least',
      requests: 1,
      files: 1,
      input: 44,
      isExact: true,
      cost: { batch: null, standard: null },
    },
  ],
  [
    '4,812 requests one by one, about 44,290 tokens, $0.42 now, unknown by batch',
    { way: 'standard', input: 44_290, cost: { batch: null, standard: 0.42 } },
  ],
  [
    '4,812 requests in 3 files, about 1.9 M tokens, $0.21 by batch, $0.42 now, done by about 2020-01-01 03:10Z',
    { done: Date.UTC(2020, 0, 1, 3, 10) },
  ],
  ['nothing to send', { requests: 0 }],
])('%s', (line, changes) => {
  expect(planLine({ ...plan, ...changes })).toBe(line);
});
