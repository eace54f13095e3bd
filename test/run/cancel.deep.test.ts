import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { acceptedBatches } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { createHoldingEmulator } from '../support/held-batches.ts';
import { answers, expected, project, rowCount, useNotes } from './scene.ts';

useNotes();

/** Every second batch answers half of its lines and then hangs, until it is cancelled. */
const faults: FaultsInput = {
  batches: [{ fault: 'stuck', status: 'in_progress', after: 0.5, batches: [2] }],
};

it('loads what was answered, and a new run sends the rest', async () => {
  await using emulator = await createEmulator({ faults });
  await using own = await project(emulator.url, { batch: { max_requests: 4 } });
  const { run_id: runId } = await own.summary(3, '--no-wait');
  await expect.poll(async () => (await own.cli('collect', '--json')) && (await own.status()).rows.ok).toBe(8);
  const cancelled = await own.cli('cancel', runId);
  expect(cancelled).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /10 rows were answered \(10 loaded, 0 failed\), 2 were not\.\nPaid for: \d+ tokens/,
    ),
  });
  expect(await own.status()).toMatchObject({ status: 'cancelled', rows: { ok: 10, pending: 2 } });
  expect(await answers()).toHaveLength(10);
  expect((await own.summary()).rows).toMatchObject({ skipped: 10, requested: 2, ok: 2 });
  expect(await answers()).toEqual(expected(() => 1));
  expect(acceptedBatches(await emulator.bill())).toBe(4);
});

it('remembers that a run is being cancelled, whoever takes it up', async () => {
  await using emulator = await createHoldingEmulator({ latencyMs: 3_600_000 });
  await using own = await project(emulator.url);
  const { run_id: runId } = await own.summary(3, '--no-wait');
  const { code, stdout } = await own.cli('cancel', runId, '--no-wait');
  expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringContaining('still being cancelled') });
  expect(await own.run()).toMatchObject({ code: 4, stderr: expect.stringContaining('being cancelled') });
  emulator.release();
  await expect.poll(async () => (await own.cli('collect', '--quiet')).code).toBe(0);
  expect(await own.status()).toMatchObject({ status: 'cancelled', rows: { ok: 0, pending: rowCount } });
  expect(await own.cli('cancel', runId)).toMatchObject({ code: 2 });
});
