import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { createEmulator } from '../support/emulator.ts';
import { allButFirst, createHoldingEmulator } from '../support/held-batches.ts';
import { createProxy } from '../support/proxy.ts';
import { project, useNotes } from '../run/scene.ts';

useNotes();

const faults: FaultsInput = { rows: [{ fault: 'refusal', text: 'I cannot.', custom_ids: ['2'] }] };
const why = /why rows failed\n {2}1 row {2}answer {2}refusal {2}.*\nwhat mends it\n/;

it('collect says why rows failed, and so does load of that run', async () => {
  await using emulator = await createHoldingEmulator({ faults });
  await using own = await project(emulator.url);
  const { run_id: runId } = await own.summary(3, '--no-wait');
  emulator.release();
  await expect.poll(() => own.cli('collect')).toMatchObject({ code: 1, stdout: expect.stringMatching(why) });
  const loaded = await own.cli('load', 'pipeline.yaml', '--run', runId);
  expect(loaded.stdout).toMatch(why);
  expect(loaded.stdout).toContain(`pipeline retry ${runId}`);
});

it('recover says why rows failed', async () => {
  await using emulator = await createHoldingEmulator({ faults });
  await using own = await project(emulator.url);
  await own.summary(3, '--no-wait');
  await rm(own.stateDir, { recursive: true });
  emulator.release();
  expect(await own.cli('recover', 'pipeline.yaml')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(why),
  });
});

it('cancel says why rows failed, and names what mends that in a run that has ended', async () => {
  await using emulator = await createEmulator({ faults });
  const held = allButFirst();
  await using proxy = await createProxy(emulator.url, held.middleware);
  await using own = await project(proxy.url, { batch: { max_requests: 6 } });
  const { run_id: runId } = await own.summary(3, '--no-wait');
  await expect
    .poll(async () => (await own.cli('collect', '--quiet')) && (await own.status()).rows.failed)
    .toBe(1);
  held.release();
  const { stdout } = await own.cli('cancel', runId);
  expect(stdout).toMatch(why);
  expect(stdout).toContain('pipeline run');
  expect(stdout).not.toContain('pipeline retry');
});
