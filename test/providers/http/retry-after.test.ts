import { expect, test } from 'vitest';
import { retryAfter } from '../../../src/providers/http/retry-after.ts';

const now = Date.parse('2026-11-28T20:00:00Z');

test.each([
  ['0', 0],
  ['7', 7000],
  ['1.5', 1500],
  [' 30 ', 30_000],
  ['30s', 30_000],
  ['250ms', 250],
  ['7200', 7_200_000],
  [String(now / 1000 + 40), 40_000],
  [String(now + 40_000), 40_000],
  [String(now / 1000 - 40), 0],
  ['Sat, 28 Nov 2026 20:00:30 GMT', 30_000],
  ['2026-11-28T20:00:30Z', 30_000],
  ['Sat, 28 Nov 2026 19:00:00 GMT', 0],
  ['', undefined],
  ['soon', undefined],
  ['-5', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
  ['1e400', undefined],
  ['0x10', undefined],
  ['a few 5 minutes', undefined],
])('reads retry-after: %s', (text, expected) => {
  expect(retryAfter(new Headers({ 'retry-after': text }), now)).toBe(expected);
});

test('prefers milliseconds, where they can be read', () => {
  expect(retryAfter(new Headers({ 'retry-after-ms': '1500', 'retry-after': '9' }), now)).toBe(1500);
  expect(retryAfter(new Headers({ 'retry-after-ms': 'x', 'retry-after': '9' }), now)).toBe(9000);
  expect(retryAfter(new Headers({ 'retry-after-ms': String(now + 9000) }), now)).toBe(9000);
  expect(retryAfter(undefined, now)).toBeUndefined();
});
