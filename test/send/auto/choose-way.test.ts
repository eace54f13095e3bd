import { describe, expect, it } from 'vitest';
import { chooseWays, wayOf, type AutoFacts } from '../../../src/send/auto/choose-way.ts';
import { autoFacts, hour, minute } from './facts.ts';

type Case = readonly [name: string, facts: Partial<AutoFacts>, way: string, reason: string];

describe('requests that were never sent', () => {
  it.each<Case>([
    ['wait while reading may show more', { isRead: false, requests: 199 }, 'wait', 'fewer requests than 200'],
    ['go in batches once there are enough', { isRead: false, requests: 200 }, 'batch', '200'],
    [
      'go synchronously where there are few in all',
      { requests: 199 },
      'standard',
      '199 requests, fewer than',
    ],
    ['also where there is one', { requests: 1 }, 'standard', '1 request, fewer than 200'],
    ['go in batches where there are many', { requests: 200 }, 'batch', 'or more'],
    ['always go in batches where none are few', { requests: 1, standardBelow: 0 }, 'batch', '0'],
  ])('%s', (_name, facts, way, reason) => {
    const { first, cutOver } = chooseWays(autoFacts(facts));
    expect(first).toEqual({ way, reason: expect.stringContaining(reason) });
    expect(cutOver).toBeNull();
  });
});

describe('rows that are to be sent again', () => {
  it.each<Case>([
    ['go synchronously where they are few', { again: 199 }, 'standard', '199 rows'],
    ['go in batches where they are many', { again: 200 }, 'batch', '200 rows'],
    ['are not waited for by anything else', { again: 1, isRead: false, requests: 5 }, 'standard', '1 row '],
  ])('%s', (_name, facts, way, reason) => {
    expect(chooseWays(autoFacts(facts)).again).toEqual({ way, reason: expect.stringContaining(reason) });
  });
});

describe('batches are given up', () => {
  /** 1,000 requests of two seconds, sixteen at a time, take 125 s; a tenth of ten hours is one. */
  const due = 9 * hour - 125_000;
  const run = { deadlineAt: 10 * hour };

  it.each<readonly [name: string, facts: Partial<AutoFacts>, dueAt: number | null]>([
    ['never without a deadline', { deadlineAt: null }, null],
    ['a tail and a tenth of the time before it', {}, due],
    [
      'later where requests are faster here',
      { speed: { ...autoFacts().speed, requestMs: 160 } },
      9 * hour - 10_000,
    ],
    [
      'earlier where fewer may go at a time',
      { speed: { ...autoFacts().speed, concurrency: 1 } },
      9 * hour - 2_000_000,
    ],
    [
      'earlier where requests a minute are limited',
      { speed: { ...autoFacts().speed, requestsPerMinute: 10 } },
      9 * hour - 100 * minute,
    ],
    [
      'earlier where tokens a minute are limited',
      { speed: { ...autoFacts().speed, tokensPerMinute: 1000 } },
      9 * hour - 100 * minute,
    ],
    ['earlier where a cancel has taken longer', { cancelMs: 2 * hour }, due - hour],
    ['no later where it has taken less', { cancelMs: minute }, due],
    ['a tenth of the time before it where one row is out', { out: 8 }, 9 * hour - 1000],
  ])('%s', (_name, facts, dueAt) => {
    const at = (now: number) => chooseWays(autoFacts({ ...run, ...facts, now }));
    expect(at(0).cutOverDue).toBe(dueAt);
    if (dueAt === null) return;
    expect(at(0).hurryAt).toBeGreaterThan(dueAt);
    expect(at(dueAt - 1)).toMatchObject({ cutOver: null, first: { way: 'batch' } });
    expect(at(dueAt)).toMatchObject({
      cutOver: expect.any(String) as string,
      first: { way: 'standard' },
      again: { way: 'standard' },
    });
  });

  it.each<readonly [string, Partial<AutoFacts>]>([
    ['nothing is out', { out: 0 }],
    ['all that is out is asked synchronously already', { out: 5, asking: 5 }],
    ['all of it goes synchronously anyway', { requests: 5, out: 5, inBatches: 0 }],
  ])('but not where %s', (_name, facts) => {
    expect(chooseWays(autoFacts({ ...run, now: 11 * hour, ...facts })).cutOver).toBeNull();
  });

  it('for good, whatever is reckoned later', () => {
    expect(chooseWays(autoFacts({ ...run, now: due + 1, out: 1, cutOverAt: due })).cutOver).not.toBeNull();
  });

  it('with a reason that shows the reckoning', () => {
    expect(chooseWays(autoFacts({ ...run, now: due })).cutOver).toBe(
      'The deadline is 1970-01-01T10:00:00.000Z, 1,000 requests still out would take 2 min synchronously (2.0 s each, 16 at a time), and cancelling has 60 min: batches are cancelled, and what they have not answered goes synchronously.',
    );
    expect(chooseWays(autoFacts({ ...run, now: 12 * hour, inBatches: 0 })).cutOver).toBe(
      'The deadline 1970-01-01T10:00:00.000Z has passed: what is not answered goes synchronously.',
    );
  });
});

describe('the way of a file', () => {
  const batch = chooseWays(autoFacts());
  const cutOver = chooseWays(autoFacts({ deadlineAt: 1, now: 1 }));

  it.each([
    ['sealed', 'batch', 'standard'],
    ['uploading', 'batch', 'standard'],
    ['uploaded', 'batch', 'standard'],
    ['creating', 'batch', 'batch'],
    ['submitted', 'batch', 'batch'],
    ['ended', 'batch', 'batch'],
    ['asking', 'standard', 'standard'],
  ] as const)('that is %s', (state, before, after) => {
    expect([wayOf(state, 'read', batch), wayOf(state, 'read', cutOver)]).toEqual([before, after]);
  });

  it('of rows that are sent again is theirs', () => {
    const few = chooseWays(autoFacts({ again: 3 }));
    expect([wayOf('sealed', 'read', few), wayOf('sealed', 'retry', few)]).toEqual(['batch', 'standard']);
    expect(wayOf('uploaded', 'retry', few)).toBe('batch');
  });
});
