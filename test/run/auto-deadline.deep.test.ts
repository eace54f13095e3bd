import { expect, it } from 'vitest';
import type { BillEntry } from '../../src/emulator/state/bill.ts';
import { askedRequests } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { holdBatches } from '../support/held-batches.ts';
import { createProxy } from '../support/proxy.ts';
import { expectAnsweredOnce } from './auto-scene.ts';
import { answers, expected, pipeline, project, useNotes } from './scene.ts';

const rowCount = 24;
useNotes(rowCount);

/** Answers half of its rows, and then nothing until it is cancelled. */
const stuck = { fault: 'stuck', status: 'in_progress', after: 0.5 } as const;

/** One at a time, 24 requests of two seconds take 48 s: batches are given up 20 s after the start, slow machine or not. */
const near = { standard_below: 1, deadline: '75s' };
const parts = (auto: object) => ({
  rest: { mode: 'auto', auto, standard: { concurrency: 1 } },
  batch: { max_requests: 8 },
});

it('ends before its deadline with every row, part in batches, part synchronously', async () => {
  await using emulator = await createEmulator({ faults: { batches: [stuck] } });
  await using own = await project(emulator.url, parts(near));
  const summary = await own.summary();
  expect(summary).toMatchObject({
    status: 'completed',
    rows: { requested: rowCount, ok: rowCount },
    batches: { total: 3, cancelled: 3 },
    deadline: { met: true },
  });
  expect(await answers()).toHaveLength(rowCount);
  const { batch, standard } = await expectAnsweredOnce(emulator, rowCount);
  expect([batch, standard]).toEqual([12, 12]);
  // What could not be answered in a batch counts where it was.
  expect(summary.requests).toMatchObject({ batch, standard, in_doubt: 0 });
  expect(await own.status()).toMatchObject({
    decisions: [
      { way: 'batch', about: 'first' },
      { way: 'standard', about: 'deadline', reason: expect.stringContaining('24 requests still out') },
    ],
  });
});

it('waits for a cancel that takes long: no row is asked before its batch has ended', async () => {
  await using emulator = await createEmulator({ faults: { batches: [stuck] } });
  const held = holdBatches();
  await using proxy = await createProxy(emulator.url, held.middleware);
  await using own = await project(proxy.url, { ...parts(near), batch: { max_requests: rowCount } });
  const { result } = own.start('run', 'pipeline.yaml', '--json');
  const looks = () => proxy.log.filter((call) => /^GET \/batches\/./.test(call)).length;
  await expect.poll(() => proxy.log.some((call) => call.endsWith('/cancel'))).toBe(true);
  const before = looks();
  await expect.poll(looks).toBeGreaterThan(before + 3);
  expect(askedRequests(await emulator.bill())).toEqual([]);
  held.release();
  const { code, stdout } = await result;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ rows: { ok: rowCount }, batches: { cancelled: 1 } });
  await expectAnsweredOnce(emulator, rowCount);
  const events = (await emulator.bill()).map(({ event }: BillEntry) => event);
  expect(events.indexOf('cancelled')).toBeLessThan(events.indexOf('asked'));
  expect(events.filter((event) => event === 'asked')).toHaveLength(rowCount / 2);
});

it('collect acts upon a deadline when it looks', async () => {
  await using emulator = await createEmulator({ faults: { batches: [stuck] } });
  await using own = await project(emulator.url, parts({ standard_below: 1, deadline: '1h' }));
  expect((await own.run('--no-wait')).code).toBe(3);
  expect((await own.cli('collect')).code).toBe(3);
  expect(await own.status()).toMatchObject({ batches: { cancelled: 0, running: 3 } });
  await own.write('pipeline.yaml', pipeline(emulator.url, parts({ standard_below: 1, deadline: '1ms' })));
  await expect.poll(async () => (await own.cli('collect')).code).toBe(0);
  expect(await own.status()).toMatchObject({
    status: 'completed',
    rows: { ok: rowCount },
    deadline: { met: false },
  });
  await expectAnsweredOnce(emulator, rowCount);
});

it('another mode takes effect on resume: what was not sent goes in batches, what is asked is asked to its end', async () => {
  await using emulator = await createEmulator();
  const slow = { rest: { mode: 'auto', standard: { requests_per_minute: 600 } }, batch: { max_requests: 8 } };
  await using own = await project(emulator.url, slow);
  const { child, result } = own.start('run', 'pipeline.yaml', '--quiet');
  await expect.poll(async () => askedRequests(await emulator.bill()).length).toBeGreaterThan(2);
  child.kill('SIGINT');
  expect((await result).code).toBe(130);
  await own.write('pipeline.yaml', pipeline(emulator.url, { batch: { max_requests: 8 } }));
  const summary = await own.summary();
  // Two files were begun, at a time.
  expect(summary).toMatchObject({
    rows: { ok: rowCount },
    requests: { batch: 8, standard: 16, in_doubt: 0 },
  });
  expect(await answers()).toEqual(expected(() => 1, rowCount));
  await expectAnsweredOnce(emulator, rowCount);
});

it('keeps how long requests took, so that the next run reckons with it', async () => {
  await using emulator = await createEmulator();
  await using proxy = await createProxy(emulator.url, async ({ path }, forward) => {
    if (path.endsWith('/completions')) await new Promise((resolve) => setTimeout(resolve, 50));
    return forward();
  });
  await using own = await project(proxy.url, parts({}));
  expect(await own.summary()).toMatchObject({ requests: { standard: rowCount } });
  await own.write('pipeline.yaml', pipeline(proxy.url, parts({ standard_below: 1, deadline: '1ms' })));
  expect((await own.run('--full-refresh', '--new-run')).code).toBe(0);
  expect(await own.status()).toMatchObject({
    deadline: { met: false },
    decisions: [{ about: 'deadline', reason: expect.stringContaining('has passed') }],
  });
});
