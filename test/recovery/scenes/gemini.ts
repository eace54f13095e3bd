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

/** `run` where a batch is known by its name: a create that is refused in passing, one whose reply is lost, a cut download. */
const gemini: Scene = {
  ...notesScene,
  name: 'run_gemini',
  emulator: {
    faults: {
      http: [
        { fault: 'status', status: 503, on: 'create_batch', requests: 1 },
        { fault: 'cut', on: 'create_batch', requests: 3, effect: 'done' },
        { fault: 'download_cut', at: 0.5, times: 1 },
      ],
    },
  },
  pipeline: (places) => ({
    ...notesPipeline(places),
    request: { endpoint: 'chat', model: 'gemini-2.5-flash', prompt: '{{ body }}' },
    provider: { ...providerAt(new URL(places.provider).origin), type: 'gemini' },
  }),
  command: () => run,
  after: runAgain,
  expect: expectBoughtOnce,
  about: 120,
  doors: [
    'http POST /v1beta/models/gemini-2.5-flash:batchGenerateContent sent',
    'http POST /v1beta/models/gemini-2.5-flash:batchGenerateContent answered',
    'file rename output',
  ],
};

/** Every row is answered, and no file was bought twice. */
async function expectBoughtOnce(world: World): Promise<void> {
  expect(await tableRows(world)).toEqual(ids(rowCount).map((id) => ({ id, answer: answerTo(id) })));
  const [first] = await world.runs();
  if (first === undefined) throw new Error('There is no run in the ledger.');
  expectCounts(first, 'completed', allOk(rowCount));
  expect(acceptedBatches(await world.emulator.bill())).toBe(rowCount / rowsPerFile);
  await expectNoPartialFiles(world);
}

export const geminiScenes: readonly Scene[] = [gemini];
