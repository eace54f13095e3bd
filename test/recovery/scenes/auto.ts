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
import type { Places, World } from '../world.ts';
import { notesPipeline, notesScene, rowCount } from './notes.ts';

const concurrency = 2;
/** What goes on after a kill may be killed as well. */
const mostKills = 2;

const pipeline = (places: Places, deadline: string): object => ({
  ...notesPipeline(places, { batch: { max_requests: 2 } }),
  mode: 'auto',
  auto: { standard_below: 1, deadline },
  standard: { concurrency },
});

/**
 * `run` after the deadline: a batch that is stuck half-way, one of which nobody knows whether it was created, and a file that
 * was never sent.
 */
const deadline: Scene = {
  ...notesScene,
  name: 'run_auto_deadline',
  emulator: {
    faults: {
      batches: [
        { fault: 'stuck', status: 'in_progress', after: 0.5 },
        { fault: 'phases', cancelling: '150ms' },
      ],
    },
  },
  pipeline: (places) => pipeline(places, '1h'),
  before: async (world) => {
    await world.killAt([...run, '--no-wait'], { door: 'http POST /v1/batches answered', nth: 2 });
    await world.project.write('pipeline.yaml', pipeline(world.places, '1ms'));
  },
  command: () => run,
  after: runAgain,
  expect: expectAnsweredOnce,
  about: 130,
  doors: [
    'sqlite UPDATE runs SET',
    'sqlite UPDATE chunks SET',
    'http POST /v1/batches/batch/cancel',
    'http POST /v1/chat/completions answered',
    'file rename output',
  ],
};

/** Every row is answered; no row of a batch was asked by itself that the batch has answered. */
async function expectAnsweredOnce(world: World): Promise<void> {
  expect(await tableRows(world)).toEqual(ids(rowCount).map((id) => ({ id, answer: answerTo(id) })));
  const [first] = await world.runs();
  if (first === undefined) throw new Error('There is no run in the ledger.');
  expectCounts(first, 'completed', allOk(rowCount));
  expect(first.deadline?.met).toBe(false);
  const answered = (await world.batches()).flatMap((batch) => [...batch.answered]);
  const asked = askedRequests(await world.emulator.bill());
  expect(new Set(answered).size).toBe(answered.length);
  // Half of the two batches; were a row answered both ways, another would lack its answer.
  expect([answered.length, new Set(asked).size]).toEqual([2, rowCount - 2]);
  expectDoubts(first, asked.length - new Set(asked).size);
  await expectNoPartialFiles(world);
}

function expectDoubts({ requests }: RunSummary, twice: number): void {
  expect(requests.in_doubt).toBeGreaterThanOrEqual(twice);
  expect(requests.in_doubt).toBeLessThanOrEqual(mostKills * concurrency);
}

export const autoScenes: readonly Scene[] = [deadline];
