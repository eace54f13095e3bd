import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { acceptedBatches } from '../support/bill.ts';
import { holdBatches } from '../support/held-batches.ts';
import { answers, expected, scene, useNotes } from './scene.ts';

useNotes();

it.each(['SIGINT', 'its batch ends', 'it only waits'] as const)(
  'notices that its state folder was deleted, and says what is true: %s',
  async (what) => {
    const held = holdBatches();
    await using setting = await scene(() => held.middleware);
    const { project, emulator } = setting;
    const { promise: submitted, resolve } = Promise.withResolvers<void>();
    const running = project.watch(['run', 'pipeline.yaml'], (line) => {
      if (line.includes('batch_')) resolve();
    });
    await submitted;
    await rm(project.stateDir, { recursive: true });
    if (what === 'its batch ends') held.release();
    if (what === 'SIGINT') running.child.kill(what);
    const { code, stderr } = await running.result;
    expect([code, stderr]).toEqual([1, expect.stringContaining('was deleted or replaced')]);
    expect(stderr).toContain('pipeline recover');
    expect(stderr).not.toContain('nothing is lost');
    held.release();
    expect(await project.cli('recover', 'pipeline.yaml')).toMatchObject({ code: 0 });
    expect(await answers()).toEqual(expected(() => 1));
    expect(acceptedBatches(await emulator.bill())).toBe(1);
  },
);

it('notices that the files of its run were deleted, and the run can be ended and begun anew', async () => {
  const held = holdBatches();
  await using setting = await scene(() => held.middleware);
  const { project } = setting;
  const { promise: submitted, resolve } = Promise.withResolvers<void>();
  const running = project.watch(['run', 'pipeline.yaml'], (line) => {
    if (line.includes('batch_')) resolve();
  });
  await submitted;
  const { run_id: runId } = await project.status();
  await rm(join(project.stateDir, 'runs', runId), { recursive: true });
  const { code, stderr } = await running.result;
  expect([code, stderr]).toEqual([1, expect.stringContaining(`files of run ${runId} were deleted`)]);
  held.release();
  expect((await project.cli('cancel', runId)).code).toBe(1);
  expect(await project.run()).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
});
