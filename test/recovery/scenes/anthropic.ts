import { expect } from 'vitest';
import { acceptedBatches } from '../../support/bill.ts';
import { providerAt } from '../../support/emulator.ts';
import {
  allOk,
  answerTo,
  expectCounts,
  expectNoPartialFiles,
  ids,
  run,
  runAgain,
  tableRows,
  type Scene,
} from '../scene.ts';
import type { World } from '../world.ts';
import { notesPipeline, notesScene, rowCount, rowsPerFile } from './notes.ts';

/** `run` where nothing names a batch: a create that is refused in passing, one whose reply is lost, a cut download. */
const anthropic: Scene = {
  ...notesScene,
  name: 'run_anthropic',
  emulator: {
    faults: {
      http: [
        { fault: 'status', status: 529, on: 'create_batch', requests: 1 },
        { fault: 'cut', on: 'create_batch', requests: 3, effect: 'done' },
        { fault: 'download_cut', at: 0.5, times: 1 },
      ],
    },
  },
  pipeline: (places) => ({
    ...notesPipeline(places),
    request: { endpoint: 'chat', model: 'claude-haiku-4-5', prompt: '{{ body }}' },
    provider: { ...providerAt(new URL(places.provider).origin), type: 'anthropic' },
  }),
  command: () => run,
  after: runAgain,
  expect: expectBoughtOnce,
  about: 120,
  doors: [
    'http POST /v1/messages/batches sent',
    'http POST /v1/messages/batches answered',
    'file rename output',
  ],
};

/** Every row is answered, and no file was bought twice, though no batch says which it is. */
async function expectBoughtOnce(world: World): Promise<void> {
  expect(await tableRows(world)).toEqual(ids(rowCount).map((id) => ({ id, answer: answerTo(id) })));
  const [first] = await world.runs();
  if (first === undefined) throw new Error('There is no run in the ledger.');
  expectCounts(first, 'completed', allOk(rowCount));
  expect(acceptedBatches(await world.emulator.bill())).toBe(rowCount / rowsPerFile);
  await expectNoPartialFiles(world);
}

export const anthropicScenes: readonly Scene[] = [anthropic];
