import { expect, it } from 'vitest';
import { askedAt, askedRequests } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { createProxy, jsonResponse } from '../support/proxy.ts';
import { answers, expected, project, useNotes } from './scene.ts';

const rowCount = 300;
const concurrency = 8;
useNotes(rowCount);

const parts = (own: object = {}) => ({
  rest: { mode: 'standard', standard: { concurrency, ...own } },
  batch: { max_requests: 100 },
});

it('killed again and again, it asks no answered row twice, and says how many may have been', async () => {
  await using emulator = await createEmulator();
  // So slow that each life of the process is cut off in the middle.
  await using proxy = await createProxy(emulator.url, async ({ path }, forward) => {
    if (path.endsWith('/completions')) await new Promise((resolve) => setTimeout(resolve, 20));
    return forward();
  });
  await using own = await project(proxy.url, parts());
  for (const wanted of [40, 130, 210]) {
    const { child, result } = own.start('run', 'pipeline.yaml', '--quiet');
    await expect
      .poll(async () => askedRequests(await emulator.bill()).length, { interval: 5 })
      .toBeGreaterThan(wanted);
    child.kill('SIGKILL');
    await result;
  }
  const summary = await own.summary();
  expect(summary.rows).toMatchObject({ requested: rowCount, ok: rowCount });
  expect(await answers()).toEqual(expected(() => 1, rowCount));
  const asked = askedRequests(await emulator.bill());
  const twice = asked.length - new Set(asked).size;
  const { requests } = summary as unknown as { requests: { standard: number; in_doubt: number } };
  expect(requests.standard).toBe(rowCount);
  expect(twice).toBeLessThanOrEqual(3 * concurrency);
  expect(requests.in_doubt).toBeGreaterThanOrEqual(twice);
  expect(requests.in_doubt).toBeLessThanOrEqual(3 * concurrency);
});

it('stopped by a signal, it keeps what was answered and asks nothing twice', async () => {
  await using emulator = await createEmulator();
  await using own = await project(emulator.url, parts({ requests_per_minute: 6000 }));
  const { child, result } = own.start('run', 'pipeline.yaml', '--quiet');
  await expect
    .poll(async () => askedRequests(await emulator.bill()).length, { interval: 5 })
    .toBeGreaterThan(20);
  child.kill('SIGINT');
  expect((await result).code).toBe(130);
  expect(await own.summary()).toMatchObject({ rows: { ok: rowCount }, requests: { in_doubt: 0 } });
  expect(askedRequests(await emulator.bill())).toHaveLength(rowCount);
});

it('cancelled, it loads what was answered', async () => {
  await using emulator = await createEmulator();
  await using own = await project(emulator.url, parts({ requests_per_minute: 3000 }));
  const { child, result } = own.start('run', 'pipeline.yaml', '--quiet');
  await expect
    .poll(async () => askedRequests(await emulator.bill()).length, { interval: 5 })
    .toBeGreaterThan(20);
  child.kill('SIGKILL');
  await result;
  const { run_id: runId } = await own.status();
  expect(await own.cli('cancel', runId, '--quiet')).toMatchObject({ code: 0 });
  const { rows, status } = await own.status();
  expect(status).toBe('cancelled');
  expect(rows.ok).toBeGreaterThan(10);
  expect(rows.ok + rows.pending).toBe(rows.requested);
  expect(await answers()).toHaveLength(rows.ok);
});

it('waits for a provider that is away, and fails no row', async () => {
  await using emulator = await createEmulator();
  let isAway = false;
  await using proxy = await createProxy(emulator.url, async ({ path }, forward) =>
    isAway && path.endsWith('/completions') ? jsonResponse(502, { error: 'Bad gateway' }) : forward(),
  );
  await using own = await project(proxy.url, parts());
  const { result } = own.start('run', 'pipeline.yaml', '--quiet');
  await expect
    .poll(async () => askedRequests(await emulator.bill()).length, { interval: 5 })
    .toBeGreaterThan(50);
  isAway = true;
  await new Promise((resolve) => setTimeout(resolve, 3000));
  isAway = false;
  expect((await result).code).toBe(0);
  expect(await answers()).toEqual(expected(() => 1, rowCount));
  expect(askedRequests(await emulator.bill())).toHaveLength(rowCount);
});

it('no window of a minute holds more requests than the limit, over restarts', async () => {
  await using emulator = await createEmulator({ rates: { requestsPerMinute: 120 } });
  await using own = await project(emulator.url, parts({ requests_per_minute: 120 }));
  for (const wanted of [10, 20]) {
    const { child, result } = own.start('run', 'pipeline.yaml', '--limit', '40', '--quiet');
    await expect.poll(async () => askedRequests(await emulator.bill()).length).toBeGreaterThan(wanted);
    child.kill('SIGKILL');
    await result;
  }
  expect((await own.run('--limit', '40', '--quiet')).code).toBe(0);
  const times = askedAt(await emulator.bill());
  const most = Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + 10_000).length),
  );
  // Evenly: a sixth of a minute holds no more than a sixth of the limit.
  expect(most).toBeLessThanOrEqual(20);
});
