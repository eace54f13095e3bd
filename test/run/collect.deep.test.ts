import { expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { holdBatches } from '../support/held-batches.ts';
import { answers, expected, rowCount, scene, useNotes } from './scene.ts';

useNotes();

it('ends while batches are under way, and collects them later', async () => {
  const held = holdBatches();
  await using setting = await scene(() => held.middleware, { batch: { max_requests: 4 } });
  const { project: own, emulator } = setting;
  const sent = await own.summary(3, '--no-wait');
  expect(sent).toMatchObject({
    status: 'waiting',
    rows: { requested: rowCount, ok: 0, pending: rowCount },
    batches: { total: 3, running: 3 },
  });
  expect(acceptedBatches(await emulator.bill())).toBe(3);
  expect(await own.cli('collect', '--quiet')).toMatchObject({ code: 3 });
  held.release();
  await expect.poll(async () => (await own.cli('collect', '--quiet')).code).toBe(0);
  expect(await own.status()).toMatchObject({ status: 'completed', rows: { ok: rowCount, pending: 0 } });
  expect(await answers()).toEqual(expected(() => 1));
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount);
  const { code, stdout } = await own.cli('collect');
  expect({ code, stdout: stdout.trim() }).toEqual({ code: 0, stdout: 'Nothing is unfinished.' });
});

it('sends rows again that are to be, pass after pass', async () => {
  const faults: FaultsInput = { rows: [{ fault: 'status', status: 500, attempts: 1 }] };
  const held = holdBatches();
  await using setting = await scene(() => held.middleware, {}, { faults });
  const { project: own, emulator } = setting;
  expect((await own.summary(3, '--no-wait')).rows.ok).toBe(0);
  held.release();
  await expect.poll(async () => (await own.cli('collect', '--quiet')).code).toBe(0);
  expect(await answers()).toEqual(expected(() => 2));
  expect(acceptedBatches(await emulator.bill())).toBe(2);
});

it('goes on with a run that was not waited for when it is run again', async () => {
  const held = holdBatches();
  await using setting = await scene(() => held.middleware);
  const { project: own, emulator } = setting;
  await own.summary(3, '--no-wait');
  held.release();
  expect((await own.summary()).rows).toMatchObject({ ok: rowCount, pending: 0 });
  expect(acceptedBatches(await emulator.bill())).toBe(1);
});
