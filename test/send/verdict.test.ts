import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Likeness } from '../../src/batch/held-against.ts';
import {
  decide,
  isCandidate,
  type Verdict,
  verdictOf,
  verdictUnread,
} from '../../src/send/batched/verdict.ts';

const verdict = fc.constantFrom<Verdict>('running', 'ours', 'foreign', 'unclear', 'unreadable');
const verdicts = fc
  .array(verdict, { maxLength: 6 })
  .map((each) => new Map(each.map((one, at) => [`batch_${at}`, one])));

describe('what becomes of a create', () => {
  it('is known only once every candidate has ended', () => {
    fc.assert(
      fc.property(verdicts, (given) => {
        const isRunning = [...given.values()].includes('running');
        expect(decide(given).kind === 'wait').toBe(isRunning);
      }),
    );
  });

  it('is that it is made again only where every candidate is foreign', () => {
    fc.assert(
      fc.property(verdicts, (given) => {
        const isForeign = [...given.values()].every((each) => each === 'foreign');
        expect(decide(given).kind === 'absent').toBe(isForeign);
      }),
    );
  });

  it('is that a batch is adopted only where it alone looks like ours', () => {
    fc.assert(
      fc.property(verdicts, (given) => {
        const decision = decide(given);
        if (decision.kind !== 'adopt') return;
        expect([...given].filter(([, each]) => each === 'ours').map(([id]) => id)).toEqual([decision.id]);
      }),
    );
  });

  it('is for a person with every batch named that may be it', () => {
    fc.assert(
      fc.property(verdicts, (given) => {
        const decision = decide(given);
        if (decision.kind !== 'person') return;
        expect(decision.ids.length).toBeGreaterThan(0);
        for (const id of decision.ids) expect(given.get(id)).not.toBe('foreign');
      }),
    );
  });

  it('does not depend on the order of the listing', () => {
    fc.assert(
      fc.property(verdicts, (given) => {
        expect(decide(new Map([...given].toReversed())).kind).toBe(decide(given).kind);
      }),
    );
  });
});

const likeness: fc.Arbitrary<{ readonly requests: number; readonly found: Likeness }> = fc
  .record({
    requests: fc.integer({ min: 1, max: 50 }),
    seed: fc.array(fc.nat({ max: 60 }), { minLength: 6, maxLength: 6 }),
  })
  .map(({ requests, seed }) => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = seed;
    const ids = Math.min(a, requests);
    const answers = Math.min(b, ids);
    const others = { strangers: c % 4, unread: d % 3 };
    const lines = ids + others.strangers + others.unread;
    const found = {
      lines,
      ids,
      others,
      answers,
      otherModel: Math.min(e % 3, answers),
      alike: Math.min(f, answers),
    };
    return { requests, found };
  });

describe('a candidate that has ended', () => {
  it('is ours only with every id, one model, and prompts of about the right length', () => {
    fc.assert(
      fc.property(likeness, ({ requests, found }) => {
        const isOurs =
          found.ids === requests &&
          found.others.strangers === 0 &&
          found.answers > 0 &&
          found.otherModel === 0 &&
          found.alike >= 0.9 * found.answers;
        expect(verdictOf(found, requests, requests) === 'ours').toBe(isOurs);
      }),
    );
  });

  it('is foreign only where it was read whole and holds no answer to an id of ours', () => {
    fc.assert(
      fc.property(likeness, fc.nat({ max: 60 }), ({ requests, found }, total) => {
        if (verdictOf(found, requests, total) !== 'foreign') return;
        expect(found.answers).toBe(0);
        expect(found.others.unread).toBe(0);
        const least = found.ids === 0 ? 1 : requests;
        expect(found.lines).toBeGreaterThanOrEqual(Math.max(least, total));
      }),
    );
  });

  it('cannot be told where nothing was read of it', () => {
    const nothing = {
      lines: 0,
      ids: 0,
      others: { strangers: 0, unread: 0 },
      answers: 0,
      otherModel: 0,
      alike: 0,
    };
    expect(verdictOf(nothing, 5, 5)).toBe('unclear');
    expect(verdictOf(nothing, 5, null)).toBe('unclear');
  });
});

const day = 86_400_000;
const create = { requests: 20, intendedAt: 10 * day, overAt: 10 * day + 5000 };
const counted = (total: number) => ({ total, completed: 0, failed: 0 });

describe('a batch that nothing names', () => {
  it.each([
    ['made when the create was', create.intendedAt + 1000, counted(20), true],
    ['by a clock that is nine minutes slow', create.intendedAt - 9 * 60_000, counted(20), true],
    ['by a clock that is nine minutes fast', create.overAt + 9 * 60_000, counted(20), true],
    ['made before', create.intendedAt - 11 * 60_000, counted(20), false],
    ['made when the create was long over', create.overAt + 11 * 60_000, counted(20), false],
    ['of another size', create.intendedAt, counted(21), false],
    ['that is not counted yet', create.intendedAt, counted(0), true],
    ['of which nothing is known', null, null, true],
  ])('%s', (_, createdAt, counts, expected) => {
    expect(isCandidate({ createdAt, counts, refusal: null }, create)).toBe(expected);
  });

  it('was refused, so that nothing of it ran', () => {
    const refusal = { kind: 'unexplained', message: 'no' } as const;
    expect(isCandidate({ createdAt: create.intendedAt, counts: counted(20), refusal }, create)).toBe(false);
  });
});

describe('a candidate whose results are not at hand', () => {
  const batch = {
    id: 'b',
    rawStatus: '',
    label: null,
    input: null,
    results: [],
    refusal: null,
    createdAt: null,
    expiresAt: null,
    endedAt: null,
  };

  it.each([
    ['in_progress', counted(20), 'running'],
    ['unknown', null, 'running'],
    ['completed', null, 'unreadable'],
    ['completed', { total: 20, completed: 20, failed: 0 }, 'unreadable'],
    ['cancelled', { total: 20, completed: 3, failed: 0 }, 'unreadable'],
    ['cancelled', counted(20), 'foreign'],
    ['expired', null, 'foreign'],
  ] as const)('that is %s', (status, counts, expected) => {
    expect(verdictUnread({ ...batch, status, counts })).toBe(expected);
  });

  it('that has some which are known to be gone', () => {
    const results = [{ id: 'r', holds: 'both', isGone: true }] as const;
    expect(verdictUnread({ ...batch, status: 'completed', counts: counted(20), results })).toBe('unreadable');
  });
});
