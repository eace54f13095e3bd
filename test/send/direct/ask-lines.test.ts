import { expect, test } from 'vitest';
import { ask, mostInAMinute, type Fate } from './ask-scene.ts';

const fine: Fate = { status: 200 };
const minute = 60_000;

/** A dice that falls the same way in each test. */
function dice(): () => number {
  let state = 7;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

test.each([{}, { retryAfterMs: 0 }, { requests: { remaining: 0, resetMs: 20 } }])(
  'a provider that turns away one request of five is asked at pace, without a limit: %o',
  async (hints) => {
    const roll = dice();
    const { answered, arrivals, endedAt, ...told } = await ask({
      rows: 1000,
      fate: () => (roll() < 0.2 ? { status: 429, hints } : fine),
    });
    expect(told).toMatchObject({ givenUp: [], inDoubt: 0, faultCode: null });
    expect(answered.size).toBe(1000);
    expect(arrivals.length).toBeLessThan(1350);
    expect(endedAt).toBeLessThan(2 * minute);
  },
);

test('a provider that turned away everything for most of an hour is soon asked at full pace again', async () => {
  const awayMs = 50 * minute;
  const roll = dice();
  const { answered, endedAt } = await ask({
    rows: 1000,
    fate: (_, at) => (at < awayMs || roll() < 0.2 ? { status: 429 } : fine),
  });
  expect(answered.size).toBe(1000);
  expect(endedAt).toBeLessThan(awayMs + 3 * minute);
});

test('with a limit, no minute at the server holds more, whatever is turned away', async () => {
  const roll = dice();
  const { answered, arrivals } = await ask({
    rows: 2000,
    limits: { requestsPerMinute: 600 },
    fate: () => (roll() < 0.2 ? { status: 429 } : fine),
  });
  expect(answered.size).toBe(2000);
  expect(mostInAMinute(arrivals)).toBeLessThanOrEqual(600);
  expect(mostInAMinute(arrivals)).toBeGreaterThan(500);
});

const kinds: readonly Fate[] = [
  { status: 503 },
  { status: 500, hints: { retryAfterMs: 30_000 } },
  { status: 429 },
  { status: 429, hints: { retryAfterMs: 0 } },
  'refuses the connection',
  'breaks the connection off',
  'hangs',
];

test.each(kinds)('a provider that is away for five minutes fails no row: %o', async (away) => {
  let unheard = 0;
  const isAway = (at: number): boolean => at > 1000 && at < 1000 + 5 * minute;
  const { arrivals, answered, ...told } = await ask({
    rows: 1000,
    fate: (_, at) => {
      if (!isAway(at)) return fine;
      if (away === 'hangs' || away === 'breaks the connection off') unheard += 1;
      return away;
    },
  });
  expect(answered.size).toBe(1000);
  expect(told).toMatchObject({ givenUp: [], faultCode: null, inDoubt: unheard, unheard: 0 });
  expect(told.endedAt).toBeLessThan(20 * minute);
  // Looked for, not stormed.
  expect(arrivals.filter(isAway).length).toBeLessThan(200);
});

test('while a provider is away, no more rows are taken up than memory is to hold', async () => {
  const { answered, mostOut } = await ask({
    rows: 1000,
    limits: { concurrency: 4 },
    fate: (_, at) => (at < 50 * minute ? { status: 503 } : fine),
  });
  expect(answered.size).toBe(1000);
  expect(mostOut).toBeLessThanOrEqual(204);
});

test.each(['hangs', 'refuses the connection', { status: 502 }] as const)(
  'an hour without any answer ends it, and gives no row up: %o',
  async (away) => {
    const { endedAt, ...told } = await ask({ rows: 2000, fate: (_, at) => (at > 1000 ? away : fine) });
    expect(told).toMatchObject({ givenUp: [], faultCode: 'provider_silent' });
    expect(endedAt).toBeGreaterThan(60 * minute);
    expect(endedAt).toBeLessThan(75 * minute);
    expect(told.unheard > 0).toBe(away === 'hangs');
  },
);

test.each([fine, { status: 503 }])(
  'once the run has failed elsewhere nothing more is sent, and what is under way is kept: %o',
  async (fate) => {
    const { arrivals, answered, endedAt, ...told } = await ask({
      rows: 1000,
      runFailsAt: 200,
      fate: (_, at) => (at < 200 ? fine : fate),
    });
    expect(told).toMatchObject({ givenUp: [], unheard: 0, inDoubt: 0, faultCode: 'breaker' });
    // Those that were on their way as it failed.
    expect(arrivals.filter((at) => at > 200).length).toBeLessThanOrEqual(16);
    expect(answered.size).toBe(arrivals.filter((at) => fate === fine || at < 200).length);
    expect(endedAt).toBeLessThan(1000);
  },
);
