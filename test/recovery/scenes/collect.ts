import { usualFaults } from './run.ts';
import { collect, run, runAgain, type Scene } from '../scene.ts';
import type { World } from '../world.ts';
import { expectAnswers, notesScene } from './notes.ts';

const sendOnly = [...run, '--no-wait'] as const;
/** Batches last longer than a process that only sends. */
const emulator: Scene['emulator'] = { latencyMs: 400, faults: usualFaults };

/** Where the run was killed before it was begun, or collected before it was killed, `run` finds the rest to do. */
async function collectAll(world: World): Promise<void> {
  await world.typeUntilDone(collect, 0);
  await runAgain(world);
}

/** `run --no-wait`, whose batches are brought home by `collect`. */
const sending: Scene = {
  ...notesScene,
  name: 'run_no_wait',
  emulator,
  command: () => sendOnly,
  after: collectAll,
  expect: expectAnswers,
  about: 130,
};

/** `collect`, while some batches have ended and some not. */
const collecting: Scene = {
  ...notesScene,
  name: 'collect',
  emulator,
  before: async (world) => {
    await world.type(sendOnly, 3);
  },
  command: () => collect,
  after: collectAll,
  expect: expectAnswers,
  about: 90,
};

export const collectScenes: readonly Scene[] = [sending, collecting];
