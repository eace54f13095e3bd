import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { answers, errorsOf, expected, pipeline, project, rowCount, useNotes } from './scene.ts';

useNotes();

const row5Fails: FaultsInput = {
  rows: [{ fault: 'status', status: 400, custom_ids: ['5'], attempts: 1 }],
};

it('sends rows again that the provider had failed, as they were', async () => {
  await using emulator = await createEmulator({ faults: row5Fails });
  await using own = await project(emulator.url);
  const { run_id: runId } = await own.summary(1);
  expect(await errorsOf(own)).toMatchObject([{ key: '5', stage: 'request' }]);
  const { code, stderr } = await own.cli('retry', runId);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('1 are sent again') });
  expect(await own.status()).toMatchObject({
    run_id: runId,
    status: 'completed',
    rows: { requested: rowCount, ok: rowCount, failed: 0, pending: 0 },
  });
  expect(await answers()).toEqual(expected(() => 1));
  const paid = paidLines(await emulator.bill());
  expect(paid).toHaveLength(rowCount + 1);
  expect(new Set(paid).size).toBe(rowCount);
});

it('loads answers again that could not be loaded, and buys nothing', async () => {
  await using emulator = await createEmulator();
  const bad = { answer: 'row.id % 3 == 0 ? text : text.nothing', attempt: 'attempt' };
  const good = { answer: 'text', attempt: 'attempt' };
  await using own = await project(emulator.url, { sink: { columns: bad } });
  const { run_id: runId } = await own.summary(1);
  expect(await errorsOf(own)).toHaveLength(8);
  expect(await own.cli('retry', runId, '--log-level', 'debug')).toMatchObject({ code: 1 });
  expect(await answers()).toHaveLength(4);
  await own.write('pipeline.yaml', pipeline(emulator.url, { sink: { columns: good } }));
  expect(await own.cli('retry', runId, '--quiet')).toMatchObject({ code: 0 });
  expect(await own.status()).toMatchObject({ status: 'completed', rows: { ok: rowCount, failed: 0 } });
  expect(await answers()).toEqual(expected(() => 1));
  expect(acceptedBatches(await emulator.bill())).toBe(1);
});
