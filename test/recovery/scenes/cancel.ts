import { expect } from 'vitest';
import {
  answerTo,
  expectNoPartialFiles,
  expectPaidOnce,
  ids,
  newestRun,
  run,
  tableRows,
  type Scene,
} from '../scene.ts';
import type { World } from '../world.ts';
import { notesPipeline, notesScene, rowCount } from './notes.ts';

/** How many batches there were when the run was cancelled. */
const batchesBefore = new WeakMap<World, number>();

/**
 * Of three batches one has ended when the run is cancelled, one hangs with half of its lines answered, and the third
 * finds no room, save on a slow machine, and is never sent. One row is to be sent again.
 */
const cancelling: Scene = {
  ...notesScene,
  name: 'cancel',
  emulator: {
    latencyMs: 60,
    faults: {
      rows: [{ fault: 'status', status: 429, custom_ids: ['2'], attempts: 1 }],
      batches: [
        { fault: 'stuck', status: 'in_progress', after: 0.5, batches: [2] },
        { fault: 'phases', cancelling: '150ms' },
      ],
    },
  },
  // Room for two files of two rows, whose estimates are 20 tokens each.
  pipeline: (places) => notesPipeline(places, { batch: { max_requests: 2, max_enqueued_tokens: 45 } }),
  before: async (world) => {
    await world.type([...run, '--no-wait'], 3);
    batchesBefore.set(world, (await world.batches()).length);
  },
  command: async (world) => ['cancel', await newestRun(world)],
  after: async (world) => {
    const runId = await newestRun(world);
    // Where it was killed after the end there is nothing left to cancel.
    await world.type(['cancel', runId], 0, 2);
    await expectSalvaged(world);
    await world.type(run, 0);
  },
  expect: async (world) => {
    expect(await tableRows(world)).toEqual(ids(rowCount).map((id) => ({ id, answer: answerTo(id) })));
    const [cancelled, rest] = await world.runs();
    const ok = cancelled?.rows.ok ?? 0;
    expect(rest).toMatchObject({
      status: 'completed',
      rows: { read: rowCount, skipped: ok, requested: rowCount - ok, ok: rowCount - ok, pending: 0 },
    });
    await expectPaidOnce(world);
    await expectNoPartialFiles(world);
  },
  about: 110,
};

/** Nothing more was sent, what was answered stands in the table, and the counts add up. */
async function expectSalvaged(world: World): Promise<void> {
  const batches = await world.batches();
  expect(batches).toHaveLength(batchesBefore.get(world) ?? 0);
  const answered = batches.flatMap((batch) => [...batch.answered]).sort((a, b) => Number(a) - Number(b));
  expect((await tableRows(world)).map(({ id }) => id)).toEqual(answered);
  const [cancelled] = await world.runs();
  expect(cancelled).toMatchObject({
    status: 'cancelled',
    rows: { requested: rowCount, ok: answered.length, failed: 0, pending: rowCount - answered.length },
  });
}

export const cancelScenes: readonly Scene[] = [cancelling];
