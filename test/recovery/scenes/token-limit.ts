import { expect } from 'vitest';
import { run, runAgain, type Scene } from '../scene.ts';
import { expectAnswers, notesPipeline, notesScene } from './notes.ts';

/** A message of a few tokens counts 10; a file of six is larger than what the provider takes, which it says at once. */
const limiting: Scene = {
  ...notesScene,
  name: 'token_limit',
  emulator: {
    latencyMs: 60,
    faults: {
      limits: { enqueued_tokens: 45 },
      rows: [{ fault: 'status', status: 429, custom_ids: ['3'], attempts: 1 }],
    },
  },
  pipeline: (places) => notesPipeline(places, { batch: { max_requests: 6 } }),
  command: () => run,
  after: runAgain,
  expect: async (world) => {
    await expectAnswers(world);
    const [first] = await world.runs();
    // Files that were superseded were never batches.
    expect(first?.batches).toMatchObject({ waiting: 0, running: 0, failed: 0 });
  },
  about: 200,
};

export const tokenLimitScenes: readonly Scene[] = [limiting];
