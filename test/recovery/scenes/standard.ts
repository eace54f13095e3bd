import { expect } from 'vitest';
import type { RunSummary } from '../../../src/run/summary.ts';
import { askedRequests } from '../../support/bill.ts';
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
import { notesPipeline, notesScene, rowCount } from './notes.ts';

const concurrency = 2;
/** What goes on after a kill may be killed as well. */
const mostKills = 2;

/** `run`, line by line: a row that is refused in passing, and an answer that is lost. */
const standard: Scene = {
  ...notesScene,
  name: 'run_standard',
  emulator: {
    faults: {
      http: [
        { fault: 'status', status: 429, on: 'answer', requests: 2, retry_after: '20ms' },
        { fault: 'cut', on: 'answer', requests: 4, effect: 'done' },
      ],
    },
  },
  pipeline: (places) => ({ ...notesPipeline(places), mode: 'standard', standard: { concurrency } }),
  command: () => run,
  after: runAgain,
  expect: expectAsked,
  about: 120,
  doors: [
    'http POST /v1/chat/completions sent',
    'http POST /v1/chat/completions answered',
    'file rename output',
  ],
};

/** Every row is answered; what was asked twice, and no more, was said to be in doubt. */
async function expectAsked(world: World): Promise<void> {
  expect(await tableRows(world)).toEqual(ids(rowCount).map((id) => ({ id, answer: answerTo(id) })));
  const [first] = await world.runs();
  if (first === undefined) throw new Error('There is no run in the ledger.');
  expectCounts(first, 'completed', allOk(rowCount));
  expectDoubts(first, askedRequests(await world.emulator.bill()));
  await expectNoPartialFiles(world);
}

function expectDoubts({ requests }: RunSummary, asked: readonly string[]): void {
  const twice = asked.length - new Set(asked).size;
  expect(requests.standard).toBe(rowCount);
  expect(requests.in_doubt).toBeGreaterThanOrEqual(twice);
  // One more is the answer that the emulator loses.
  expect(requests.in_doubt).toBeLessThanOrEqual(mostKills * concurrency + 1);
}

/** The same within a window: what was accepted is looked at by its id, whoever died meanwhile. */
const background: Scene = {
  ...notesScene,
  name: 'run_background',
  emulator: {},
  pipeline: (places) => ({
    ...notesPipeline(places),
    request: { endpoint: 'responses', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    mode: 'standard',
    standard: { concurrency, tier: '2h' },
  }),
  command: () => run,
  after: runAgain,
  expect: expectAsked,
  about: 120,
  doors: ['http POST /v1/responses sent', 'http POST /v1/responses answered', 'file rename output'],
};

export const standardScenes: readonly Scene[] = [standard, background];
