import { expect, test } from 'vitest';
import { BatchlineError } from '../../src/core/errors.ts';
import { waitBefore } from '../../src/core/retry.ts';

const policy = { firstWaitMs: 500, longestWaitMs: 60_000 };

function wait(retryAfterMs: number | undefined, attempt: number): number {
  return waitBefore(new BatchlineError('rate_limited', 'slow down', { retryAfterMs }), attempt, policy);
}

test('waits as long as it is asked to, between its own back-off and the longest wait', () => {
  expect(wait(7000, 1)).toBe(7000);
  expect(wait(7_200_000, 1)).toBe(60_000);
  expect(wait(Number.POSITIVE_INFINITY, 1)).toBe(60_000);
  for (const asked of [0, 1, undefined]) {
    expect(wait(asked, 1)).toBeGreaterThanOrEqual(250);
    expect(wait(asked, 5)).toBeGreaterThanOrEqual(4000);
    expect(wait(asked, 5)).toBeLessThanOrEqual(8000);
  }
});
