import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { acceptedBatches } from '../support/bill.ts';
import { holdBatches } from '../support/held-batches.ts';
import { answers, expected, rowCount, scene, useNotes, type Parts } from './scene.ts';

useNotes();

it.each<[string, Parts]>([
  ['plain keys', {}],
  ['hashed keys', { source: { key_mode: 'hash' } }],
  ['carried fields', { sink: { columns: { answer: 'text', attempt: 'row.id - row.id + attempt' } } }],
])('adopts the batches of a lost state folder: %s', async (_name, parts) => {
  const held = holdBatches();
  await using setting = await scene(() => held.middleware, { ...parts, batch: { max_requests: 5 } });
  const { project: own, emulator } = setting;
  const { run_id: runId } = await own.summary(3, '--no-wait');
  await rm(own.stateDir, { recursive: true });
  expect(await own.run()).toMatchObject({ code: 4, stderr: expect.stringContaining(runId) });
  held.release();
  const { code, stdout } = await own.cli('recover', 'pipeline.yaml', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([
    {
      run_id: runId,
      status: 'completed',
      rows: { requested: rowCount, ok: rowCount, failed: 0, pending: 0 },
    },
  ]);
  expect(await answers()).toEqual(expected(() => 1));
  expect((await own.summary()).rows).toMatchObject({ skipped: rowCount, requested: 0 });
  expect(acceptedBatches(await emulator.bill())).toBe(3);
});
