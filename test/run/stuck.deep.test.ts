import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { acceptedBatches } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { createHoldingEmulator } from '../support/held-batches.ts';
import { createProxy, jsonResponse, type Middleware } from '../support/proxy.ts';
import { answers, expected, project, rowCount, useNotes } from './scene.ts';

useNotes();

/** Has every batch say that it should have ended two hours ago. */
const expiring: Middleware = async ({ path }, forward) => {
  const response = await forward();
  if (!path.startsWith('/batches')) return response;
  const text = response.body
    .toString('utf8')
    .replaceAll(/"expires_at":\s*\d+/g, `"expires_at":${twoHoursAgo()}`);
  return { ...response, body: Buffer.from(text) };
};

function twoHoursAgo(): number {
  return Math.floor(Date.now() / 1000) - 7200;
}

it('cancels a batch that is stuck past its end, and sends again what it did not answer', async () => {
  const faults: FaultsInput = {
    batches: [{ fault: 'stuck', status: 'in_progress', after: 0.5, batches: [1] }],
  };
  await using emulator = await createEmulator({ faults });
  await using proxy = await createProxy(emulator.url, expiring);
  await using own = await project(proxy.url);
  const { code, stderr } = await own.run();
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('is stuck') });
  expect(await answers()).toEqual(expected(() => 1));
  expect(acceptedBatches(await emulator.bill())).toBe(2);
});

it('takes a batch that the provider does not know for lost once its time is over', async () => {
  const faults: FaultsInput = { batches: [{ fault: 'not_found', batches: [1] }] };
  await using emulator = await createEmulator({ faults });
  await using proxy = await createProxy(emulator.url, expiring);
  await using own = await project(proxy.url);
  expect((await own.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
  expect(acceptedBatches(await emulator.bill())).toBe(2);
});

it('gives up results that the provider no longer has only when it is told to', async () => {
  await using emulator = await createEmulator();
  let gone: string | undefined;
  await using proxy = await createProxy(emulator.url, async ({ path }, forward) => {
    if (path.endsWith('/content')) gone ??= path;
    return path === gone ? jsonResponse(410, { error: { message: 'Gone.' } }) : forward();
  });
  await using own = await project(proxy.url);
  const { code, stderr } = await own.run();
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('no longer has') });
  expect(stderr).toMatch(/pipeline retry \S+ --lost/);
  expect(acceptedBatches(await emulator.bill())).toBe(1);
  const [, runId = ''] = /pipeline retry (\S+) --lost/.exec(stderr) ?? [];
  // What is noted is believed at once.
  const giveUp = await own.cli('retry', runId, '--lost', '--quiet');
  expect({ ...giveUp, stdout: '' }).toEqual({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('are given up'),
  });
  expect(await answers()).toEqual(expected(() => 1));
  expect(acceptedBatches(await emulator.bill())).toBe(2);
  // What was given up was paid for.
  expect((await own.status()).cost_usd).toBeNull();
});

it('ends a run whose results are gone where it is cancelled', async () => {
  await using emulator = await createHoldingEmulator();
  const gone = jsonResponse(404, { error: { message: 'No such File object.' } });
  await using proxy = await createProxy(emulator.url, async ({ path }, forward) =>
    path.endsWith('/content') ? gone : forward(),
  );
  await using own = await project(proxy.url);
  const { run_id: runId } = await own.summary(3, '--no-wait');
  emulator.release();
  const { code, stderr } = await own.cli('cancel', runId);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('are given up') });
  expect(await own.status()).toMatchObject({ status: 'cancelled', cost_usd: null });
});

it('sends the rows of a lost batch again only when it is told to before', async () => {
  const faults: FaultsInput = { batches: [{ fault: 'not_found', batches: [1] }] };
  await using emulator = await createEmulator({ faults });
  await using own = await project(emulator.url);
  const { run_id: runId } = await own.summary(3, '--no-wait');
  expect((await own.cli('collect', '--quiet')).code).toBe(3);
  expect(acceptedBatches(await emulator.bill())).toBe(1);
  expect(await own.cli('retry', runId, '--lost', '--quiet')).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
  expect((await own.status()).cost_usd).toBeNull();
  expect(acceptedBatches(await emulator.bill())).toBe(2);
});
