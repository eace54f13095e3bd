import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { acceptedBatches, askedAt, askedRequests } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { createProxy, jsonResponse } from '../support/proxy.ts';
import { answers, expected, project, rowCount, useNotes } from './scene.ts';

useNotes();

const standard = (own: object = {}) => ({ rest: { mode: 'standard', standard: own } });

it('asks every row once, at once, and counts them apart from batches', async () => {
  await using emulator = await createEmulator();
  await using own = await project(emulator.url, { ...standard(), batch: { max_requests: 5 } });
  expect(await own.summary()).toMatchObject({
    status: 'completed',
    rows: { requested: rowCount, ok: rowCount },
    batches: { total: 0 },
    requests: { batch: 0, standard: rowCount, in_doubt: 0 },
  });
  expect(await answers()).toEqual(expected(() => 1));
  const bill = await emulator.bill();
  expect(new Set(askedRequests(bill)).size).toBe(rowCount);
  expect(askedRequests(bill)).toHaveLength(rowCount);
  expect(acceptedBatches(bill)).toBe(0);
  expect((await own.summary()).rows).toMatchObject({ requested: 0, skipped: rowCount });
});

it('waits out 429s and 5xx, which are no attempt of the row', async () => {
  const faults: FaultsInput = {
    http: [
      { fault: 'status', status: 429, on: 'answer', every: 3, retry_after: '10ms' },
      { fault: 'status', status: 503, on: 'answer', every: 5 },
    ],
  };
  await using emulator = await createEmulator({ faults });
  await using own = await project(emulator.url, standard({ concurrency: 4 }));
  expect(await own.summary()).toMatchObject({ rows: { ok: rowCount }, requests: { in_doubt: 0 } });
  expect(await answers()).toEqual(expected(() => 1));
  expect(askedRequests(await emulator.bill())).toHaveLength(rowCount);
});

it('keeps within the limit that is set: the server turns nothing away', async () => {
  await using emulator = await createEmulator({ rates: { requestsPerMinute: 600 } });
  await using own = await project(emulator.url, standard({ requests_per_minute: 600 }));
  expect((await own.summary()).rows.ok).toBe(rowCount);
  const [first = 0, ...others] = askedAt(await emulator.bill());
  expect((others.at(-1) ?? 0) - first).toBeGreaterThan((rowCount - 2) * 100);
});

it('fails a row by its own fault, and no other', async () => {
  await using emulator = await createEmulator();
  await using proxy = await createProxy(emulator.url, async ({ path, body }, forward) =>
    path.endsWith('/completions') && body.toString().includes('"note 7"')
      ? jsonResponse(400, { error: { message: 'Bad words.', type: 'invalid_request_error', code: 'bad' } })
      : forward(),
  );
  await using own = await project(proxy.url, standard());
  expect((await own.summary(1)).rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
  const { stdout } = await own.cli('errors', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ key: '7', stage: 'request', code: 'bad' });
});

it('ends the run where the account is refused, and goes on once it is not', async () => {
  await using emulator = await createEmulator();
  let credit = 5;
  await using proxy = await createProxy(emulator.url, async ({ path }, forward) => {
    if (!path.endsWith('/completions') || credit-- > 0) return forward();
    return jsonResponse(429, { error: { message: 'No credit.', code: 'insufficient_quota' } });
  });
  await using own = await project(proxy.url, standard({ concurrency: 1 }));
  const { code, stderr } = await own.run();
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('insufficient_quota') });
  credit = Infinity;
  expect(await own.summary()).toMatchObject({ rows: { ok: rowCount, failed: 0 } });
  expect(askedRequests(await emulator.bill())).toHaveLength(rowCount);
});

it('counts what was cut off once it was out, and asks it again', async () => {
  const faults: FaultsInput = { http: [{ fault: 'cut', on: 'answer', effect: 'done', times: 2 }] };
  await using emulator = await createEmulator({ faults });
  await using own = await project(emulator.url, standard());
  expect(await own.summary()).toMatchObject({ rows: { ok: rowCount }, requests: { in_doubt: 2 } });
  expect(askedRequests(await emulator.bill())).toHaveLength(rowCount + 2);
});

it('asks each request for the tier, waits for room in it, and takes it for no other request', async () => {
  await using emulator = await createEmulator();
  const tiers: unknown[] = [];
  await using proxy = await createProxy(emulator.url, async ({ path, body }, forward) => {
    if (!path.endsWith('/completions')) return forward();
    tiers.push((JSON.parse(body.toString()) as { readonly service_tier?: unknown }).service_tier);
    const error = { message: 'Resource Unavailable', type: 'flex', code: 'resource_unavailable' };
    const status = tiers.length % 6 === 0 ? 429 : tiers.length % 6 === 1 ? 498 : null;
    return status === null ? forward() : jsonResponse(status, { error });
  });
  await using own = await project(proxy.url, standard({ tier: 'flex' }));
  expect(await own.summary()).toMatchObject({ rows: { ok: rowCount }, requests: { in_doubt: 0 } });
  expect(await answers()).toEqual(expected(() => 1));
  expect(tiers.length).toBeGreaterThan(rowCount);
  expect(new Set(tiers)).toEqual(new Set(['flex']));
  // What was answered in one tier is not asked again in another.
  expect((await own.summary(0, '--set', 'standard.tier=priority')).rows).toMatchObject({ skipped: rowCount });
});

it('counts what nothing was heard of, also where the run ended before it was asked again', async () => {
  await using emulator = await createEmulator();
  let asked = 0;
  let hasCredit = false;
  await using proxy = await createProxy(emulator.url, async ({ path }, forward) => {
    if (hasCredit || !path.endsWith('/completions')) return forward();
    asked += 1;
    if (asked > 1) return jsonResponse(429, { error: { message: 'No credit.', code: 'insufficient_quota' } });
    await forward();
    throw new Error('cut');
  });
  await using own = await project(proxy.url, standard({ concurrency: 1 }));
  expect((await own.run()).code).toBe(1);
  hasCredit = true;
  expect(await own.summary()).toMatchObject({ rows: { ok: rowCount }, requests: { in_doubt: 1 } });
  expect(askedRequests(await emulator.bill())).toHaveLength(rowCount + 1);
});
