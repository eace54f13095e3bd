import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { noHints, type PaceHints } from '../../../src/core/direct-side.ts';
import { Pace, type PaceLimits } from '../../../src/send/direct/pace.ts';

const none: PaceLimits = { requestsPerMinute: null, tokensPerMinute: null, concurrency: 16 };
const asking = (retryAfterMs: number): PaceHints => ({ ...noHints, retryAfterMs });

/** Sends whenever it may, each answer coming `latencyMs` later, until `until`. @returns when each was sent */
function sendings(pace: Pace, from: number, until: number, latencyMs: number): number[] {
  const sent: number[] = [];
  const due: number[] = [];
  for (let now = from; now < until; now += 1) {
    while (due[0] !== undefined && due[0] <= now) {
      due.shift();
      pace.answered(noHints, now);
    }
    while (pace.nextAt !== null && pace.nextAt <= now) {
      pace.sent(10, now);
      sent.push(now);
      due.push(now + latencyMs);
    }
  }
  return sent;
}

function mostInAMinute(sent: readonly number[]): number {
  return Math.max(0, ...sent.map((first) => sent.filter((at) => at >= first && at < first + 60_000).length));
}

test('no minute holds more requests than the limit, over restarts too', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 100, max: 90_000 }),
      (requestsPerMinute, latencyMs, killedAt) => {
        const limits = { ...none, requestsPerMinute };
        const before = sendings(new Pace(limits, 0), 0, killedAt, latencyMs);
        const after = sendings(new Pace(limits, killedAt), killedAt, killedAt + 90_000, latencyMs);
        expect(mostInAMinute([...before, ...after])).toBeLessThanOrEqual(requestsPerMinute);
      },
    ),
    { numRuns: 40 },
  );
});

test('a limit is made use of', () => {
  const pace = new Pace({ ...none, requestsPerMinute: 120 }, 0);
  expect(sendings(pace, 0, 300_000, 500).length).toBeGreaterThan(580);
});

test('tokens are spaced like requests', () => {
  const pace = new Pace({ ...none, tokensPerMinute: 1000 }, 0);
  const sent = sendings(pace, 0, 120_000, 100);
  expect(mostInAMinute(sent) * 10).toBeLessThanOrEqual(1010);
  expect(mostInAMinute(sent) * 10).toBeGreaterThan(900);
});

test('never more are under way than the concurrency', () => {
  const pace = new Pace({ ...none, concurrency: 3 }, 0);
  for (let at = 0; at < 3; at += 1) pace.sent(1, 0);
  expect(pace.nextAt).toBeNull();
  pace.failed(noHints, 0);
  expect(pace.nextAt).toBe(0);
});

test('without a limit, requests under way grow by one a round and are halved by a refusal', () => {
  const pace = new Pace(none, 0);
  const room = (): number => {
    let count = 0;
    for (; pace.nextAt !== null; count += 1) pace.sent(1, 0);
    return count;
  };
  expect(room()).toBe(4);
  for (let at = 0; at < 4; at += 1) pace.answered(noHints, 10);
  expect(room()).toBe(5);
  for (let at = 0; at < 5; at += 1) pace.answered(noHints, 20);
  expect(room()).toBe(6);
  // Those that were sent together are refused together: once.
  for (let at = 0; at < 6; at += 1) pace.refused(noHints, 20, 2000 + at);
  expect(pace.nextAt).toBeGreaterThanOrEqual(2010);
  expect(room()).toBe(3);
});

test.each([
  [asking(0), 10],
  [asking(5000), 5000],
  [asking(7_200_000), 60_000],
])('a refusal is waited out as asked, for a moment at least and a minute at most: %o', (hints, waitMs) => {
  const pace = new Pace(none, 0);
  pace.sent(1, 0);
  pace.refused(hints, 0, 100_000);
  expect(pace.nextAt).toBe(100_000 + waitMs);
});

test('headers that say that nothing is left are heeded', () => {
  const pace = new Pace(none, 0);
  pace.sent(1, 0);
  pace.answered({ ...noHints, requests: { remaining: 0, resetMs: 1700 } }, 500);
  expect(pace.nextAt).toBe(2200);
  pace.sent(1, 2200);
  pace.answered({ ...noHints, tokens: { remaining: 20, resetMs: 9000 } }, 2500);
  expect(pace.nextAt).toBe(2200);
});
