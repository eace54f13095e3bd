import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { acceptedBatches } from '../support/bill.ts';
import { holdBatches } from '../support/held-batches.ts';
import { answers, expected, scene, useNotes } from './scene.ts';

useNotes();

it.each(['SIGINT', null] as const)(
  'notices that its state folder was deleted, and says what is true: %s',
  async (signal) => {
    const held = holdBatches();
    await using setting = await scene(() => held.middleware);
    const { project, emulator } = setting;
    const { promise: submitted, resolve } = Promise.withResolvers<void>();
    const running = project.watch(['run', 'pipeline.yaml'], (line) => {
      if (line.includes('batch_')) resolve();
    });
    await submitted;
    await rm(project.stateDir, { recursive: true });
    if (signal === null) held.release();
    else running.child.kill(signal);
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
