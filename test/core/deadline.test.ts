import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadlineAt, isTimezone } from '../../src/core/deadline.ts';

const daily = (text: string, startedAt: string, timezone: string): string => {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return new Date(deadlineAt({ kind: 'daily', hour, minute }, Date.parse(startedAt), timezone)).toISOString();
};

const two = (number: number): string => String(number).padStart(2, '0');

describe('a deadline', () => {
  it('may be a while from the start', () => {
    expect(deadlineAt({ kind: 'after', ms: 500 }, 1000, 'UTC')).toBe(1500);
  });

  it.each([
    ['06:00', '2026-11-29T02:00:00Z', 'UTC', '2026-11-29T06:00:00.000Z'],
    // At that very moment it is the next day's.
    ['06:00', '2026-11-29T06:00:00Z', 'UTC', '2026-11-30T06:00:00.000Z'],
    ['06:00', '2026-11-29T22:00:00Z', 'Europe/Berlin', '2026-11-30T05:00:00.000Z'],
    // Today there, tomorrow in UTC.
    ['23:30', '2026-07-01T02:00:00Z', 'America/New_York', '2026-07-01T03:30:00.000Z'],
    ['00:15', '2026-07-01T10:00:00Z', 'Asia/Kathmandu', '2026-07-01T18:30:00.000Z'],
    // Clocks go from 02:00 to 03:00: 02:30 is as much later.
    ['02:30', '2026-03-28T22:00:00Z', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    // They go from 03:00 back to 02:00: the first 02:30, or the next day's.
    ['02:30', '2026-10-24T22:00:00Z', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['02:30', '2026-10-25T01:00:00Z', 'Europe/Berlin', '2026-10-26T01:30:00.000Z'],
    // A day that this zone left out.
    ['06:00', '2011-12-30T08:00:00Z', 'Pacific/Apia', '2011-12-30T16:00:00.000Z'],
  ])('%s after %s in %s', (time, startedAt, timezone, at) => {
    expect(daily(time, startedAt, timezone)).toBe(at);
  });

  it('is never before the start, nor more than some hours over a day after it', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
    const starts = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2035, 0) });
    const times = fc.record({
      hour: fc.integer({ min: 0, max: 23 }),
      minute: fc.integer({ min: 0, max: 59 }),
    });
    fc.assert(
      fc.property(zones, starts, times, (timezone, start, { hour, minute }) => {
        const at = deadlineAt({ kind: 'daily', hour, minute }, start, timezone);
        expect(at).toBeGreaterThan(start);
        expect(at - start).toBeLessThanOrEqual(26 * 3_600_000);
        const clock = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, timeStyle: 'short' });
        const shows = (moment: number) => clock.format(moment) === `${two(hour)}:${two(minute)}`;
        // Where clocks leave the time out, it is not shown in the hours around it either.
        const around = Array.from({ length: 360 }, (_, index) => at + (index - 180) * 60_000);
        expect(shows(at) || !around.some(shows)).toBe(true);
      }),
    );
  });
});

it('a time zone is one that the machine knows', () => {
  expect(['UTC', 'Europe/Berlin', 'Europe/Berln', ''].map(isTimezone)).toEqual([true, true, false, false]);
});
