import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pace } from '../../src/cli/render/pace.ts';
import { Progress } from '../../src/cli/render/progress.ts';
import type { PipelineEvent, Standing } from '../../src/core/events.ts';

const standing: Standing = {
  records: 1200,
  requested: 1000,
  isRead: false,
  ok: 500,
  failed: 20,
  loadedFiles: 5,
  open: [{ chunk: 6, requests: 100, state: 'running' }],
};

function started(from?: Standing): PipelineEvent {
  const resumed = from !== undefined;
  return { type: 'RunStarted', runId: 'r', pipeline: 'p', resumed, stateDir: '/s', standing: from };
}

const sealed = (chunk: number, requests: number): PipelineEvent => ({
  type: 'ChunkSealed',
  chunk,
  requests,
  bytes: 1,
  tokens: 10,
});
const loaded = (chunk: number, ok: number, failed: number, pending: number): PipelineEvent => ({
  type: 'ChunkLoaded',
  chunk,
  ok,
  failed,
  pending,
});
const polled = (chunk: number, completed: number, total: number, failed = 0): PipelineEvent => ({
  type: 'BatchPolled',
  chunk,
  batchId: 'b',
  status: 'in_progress',
  completed,
  failed,
  total,
});

const planned = (chunk: number, due: number): PipelineEvent => ({ type: 'LookPlanned', chunk, due });
const submitted = (chunk: number): PipelineEvent => ({
  type: 'BatchSubmitted',
  chunk,
  batchId: 'b',
  adopted: false,
});

function after(...events: readonly PipelineEvent[]): Progress {
  const progress = new Progress();
  for (const event of events) progress.take(event);
  return progress;
}

test('right after resume it stands where it was left', () => {
  const { records, total, answered, loaded: rows, failed, files } = after(started(standing));
  expect({ records, total, answered, rows, failed, files }).toEqual({
    records: 1200,
    total: 1000,
    answered: 520,
    rows: 500,
    failed: 20,
    files: 6,
  });
  const read: PipelineEvent = { type: 'RowsRead', records: 300, requested: 200 };
  const onward = after(started(standing), read, loaded(6, 100, 0, 0));
  expect([onward.records, onward.total, onward.loaded, onward.inState('loaded')]).toEqual([
    1500, 1200, 600, 6,
  ]);
});

test('a run whose source was read goes on as such', () => {
  expect(after(started(standing)).isReadingDone).toBe(false);
  expect(after(started({ ...standing, isRead: true })).isReadingDone).toBe(true);
});

test('rows that are sent again count once', () => {
  const read: PipelineEvent = { type: 'RowsRead', records: 1000, requested: 1000 };
  const first = [started(), read, sealed(1, 1000), polled(1, 900, 1000), loaded(1, 900, 0, 100)] as const;
  expect([after(...first).total, after(...first).answered]).toEqual([1000, 900]);
  const again = after(...first, sealed(2, 100), polled(2, 100, 100), loaded(2, 95, 5, 0));
  expect([again.total, again.answered, again.loaded, again.failed]).toEqual([1000, 1000, 995, 5]);
});

test('what the provider has failed is not answered before it is known that it stays so', () => {
  const read: PipelineEvent = { type: 'RowsRead', records: 100, requested: 100 };
  const first = [started(), read, sealed(1, 100), polled(1, 100, 100, 40)] as const;
  expect(after(...first).answered).toBe(60);
  expect(after(...first, loaded(1, 60, 0, 40)).answered).toBe(60);
  expect(after(...first, loaded(1, 60, 10, 30)).answered).toBe(70);
});

test('the next look is that of the batch which is due first, of those under way', () => {
  const both = [started(), sealed(1, 1), sealed(2, 1), submitted(1), submitted(2), planned(1, 5000)] as const;
  expect(after(started(), sealed(1, 1)).nextLook).toBe(null);
  expect(after(...both, planned(2, 65_000)).nextLook).toBe(5000);
  const ended: PipelineEvent = { type: 'BatchEnded', chunk: 1, batchId: 'b', status: 'completed' };
  const left = after(...both, planned(2, 65_000), ended);
  expect(left.nextLook).toBe(65_000);
  const pace = new Pace(0);
  expect(pace.line(left, 3000)).toMatch(/^0:03, next look in 1:02/);
  expect(pace.line(left, 4000)).toMatch(/^0:04, next look in 1:01/);
  expect(pace.line(left, 70_000)).toContain('next look in 0:00');
});

test('rows that are retried are not answered until they are', () => {
  const whole = { ...standing, requested: 520, isRead: true, open: [] };
  // Of 20 that had failed, three were loaded from saved answers, two in vain, and ten are sent again.
  const reopened: PipelineEvent = { type: 'RowsReopened', loaded: 3, sent: 10 };
  const retried = after(started(whole), loaded(1, 3, 2, 0), reopened);
  expect([retried.total, retried.answered, retried.loaded, retried.failed]).toEqual([520, 510, 503, 7]);
});

test('nothing goes back or passes the whole, whatever happens in whatever order', () => {
  const chunk = fc.integer({ min: 1, max: 4 });
  const rows = fc.integer({ min: 0, max: 300 });
  const event = fc.oneof(
    fc.tuple(chunk, rows).map(([at, count]) => sealed(at, count)),
    fc.tuple(chunk, rows, rows).map(([at, done, count]) => polled(at, done, count)),
    fc.tuple(chunk, rows, rows, rows).map(([at, ok, failed, pending]) => loaded(at, ok, failed, pending)),
    chunk.map((at): PipelineEvent => ({ type: 'BatchDeferred', chunk: at, message: '' })),
    rows.map((count): PipelineEvent => ({ type: 'RowsRead', records: count, requested: count })),
    fc
      .tuple(chunk, rows)
      .map(([at, count]): PipelineEvent => ({ type: 'RowsLoaded', chunk: at, rows: count })),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const progress = after(started(standing));
      let before = { total: 0, answered: 0, loaded: 0 };
      for (const each of events) {
        progress.take(each);
        const { total, answered, loaded: count } = progress;
        expect(total).toBeGreaterThanOrEqual(before.total);
        expect(answered).toBeGreaterThanOrEqual(before.answered);
        expect(count).toBeGreaterThanOrEqual(before.loaded);
        expect(Math.max(answered, count)).toBeLessThanOrEqual(total);
        before = { total, answered, loaded: count };
      }
    }),
  );
});

test('time, pace and what is left are of this process', () => {
  const pace = new Pace(0);
  const progress = after(started(standing));
  expect(pace.line(progress, 7000)).toBe('0:07');
  progress.take({ type: 'ReadingFinished', records: 0 });
  // What its batch had answered before anybody looked is nobody's pace.
  progress.take(polled(6, 50, 100));
  expect(pace.line(progress, 8000)).toBe('0:08');
  progress.take(loaded(6, 100, 0, 0));
  expect(pace.line(progress, 10_000)).toBe('0:10, 5.0 rows/s, about 1:16 left');
  expect(pace.line(progress, 3_609_000)).toMatch(/^1:00:09, 0\.0 rows\/s/);
});

test('the line of time says when the run should be done, as long as that lies ahead', () => {
  const pace = new Pace(0);
  const progress = after(started(standing), { type: 'EndForecast', p50: 3_600_000, p90: 7_200_000 });
  expect(pace.line(progress, 7000)).toBe('0:07, done by about 01:00Z');
  expect(pace.line(progress, 3_600_000)).toBe('1:00:00');
});

test('ten thousand files cost a moment', () => {
  const progress = after(started());
  const before = process.cpuUsage();
  for (let chunk = 1; chunk <= 10_000; chunk += 1) {
    progress.take(sealed(chunk, 10));
    progress.take({ type: 'BatchSubmitted', chunk, batchId: `b${chunk}`, adopted: false }, chunk);
    progress.take(polled(chunk, 5, 10));
  }
  expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  expect([progress.answered, progress.oldest(2).map(({ since }) => since)]).toEqual([50_000, [1, 2]]);
});
