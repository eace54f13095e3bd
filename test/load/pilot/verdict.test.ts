import { expect, it } from 'vitest';
import { Expectations } from '../../../src/results/expectations.ts';
import { judgePilot } from '../../../src/load/pilot/verdict.ts';

const failures = (rows: number) => [
  { stage: 'answer', code: 'invalid_json', rows, examples: ['7: no JSON'] },
];
const base = { failures: [], expected: [], maxFailedRows: { rows: 0 } };

it.each([
  [{ rows: 0 }, 10, true],
  [{ rows: 0 }, 11, false],
  [{ share: 0.2 }, 20, true],
  [{ share: 0.01 }, 2, false],
  [{ rows: 3 }, 4, false],
  [{ rows: 5000 }, 11, false],
])('allows of 100 rows what %j means for %i failures: %s', (maxFailedRows, failed, isGood) => {
  const verdict = judgePilot({ ...base, ok: 100 - failed, failures: failures(failed), maxFailedRows });
  expect(verdict).toMatchObject({ rows: 100, failed });
  expect(verdict.complaints.length === 0).toBe(isGood);
});

it('takes a share of all rows, those that failed included', () => {
  const expected = [{ expression: 'size > 0', share: 0.95, rows: 18, examples: ['3: size = 0'] }];
  expect(judgePilot({ ...base, ok: 19, failures: failures(1), expected }).complaints).toEqual([
    '`size > 0` holds for 90 % of the rows, and 95 % are wanted: 3: size = 0',
  ]);
  const enough = [{ expression: 'size > 0', share: 0.95, rows: 19, examples: [] }];
  expect(judgePilot({ ...base, ok: 20, expected: enough }).complaints).toEqual([]);
});

it('counts a row for which an expression fails as one that does not fulfil it', () => {
  const expectations = new Expectations({ 'size > 3': 1 }, ['size', 'no name']);
  for (const [line, size] of [5n, null, 2].entries())
    expectations.note({ key: [String(line)], values: { size, 'no name': 1 } });
  expect(expectations.counted).toEqual([
    { expression: 'size > 3', share: 1, rows: 1, examples: ['1: size = null', '2: size = 2'] },
  ]);
});
