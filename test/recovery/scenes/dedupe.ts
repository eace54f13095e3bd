import { expect } from 'vitest';
import {
  allOk,
  answerTo,
  expectCounts,
  expectNoPartialFiles,
  expectPaidOnce,
  run,
  runAgain,
  tableRows,
  type Scene,
} from '../scene.ts';
import { notesPipeline } from './notes.ts';

/** Which note each row asks about; the first row of each is sent, the others follow it. */
const asked = ['1', '2', '1', '3', '2', '4', '1'] as const;
const rows = asked.map((note, index) => ({ id: String(index + 1), note }));

/** Rows that ask the same, into a table without a unique index, so that an answer loaded twice would show. */
const sharing: Scene = {
  name: 'run_dedupe',
  emulator: {
    latencyMs: 60,
    faults: { rows: [{ fault: 'status', status: 429, custom_ids: ['2'], attempts: 1 }] },
  },
  files: { 'notes.csv': ['id,body', ...rows.map(({ id, note }) => `${id},note ${note}`), ''].join('\n') },
  createTable: (table) => `CREATE TABLE ${table} (id text, answer text, attempt int)`,
  pipeline: (places) => ({
    ...notesPipeline(places, { batch: { max_requests: 2 }, sink: { mode: 'insert', create: false } }),
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', dedupe: true },
  }),
  command: () => run,
  after: runAgain,
  expect: async (world) => {
    expect(await tableRows(world)).toEqual(rows.map(({ id, note }) => ({ id, answer: answerTo(note) })));
    const [first] = await world.runs();
    if (first === undefined) throw new Error('There is no run in the ledger.');
    expectCounts(first, 'completed', allOk(rows.length));
    const answered = (await world.batches()).flatMap((batch) => [...batch.answered]);
    expect(answered.sort()).toEqual(['1', '2', '4', '6']);
    await expectPaidOnce(world);
    await expectNoPartialFiles(world);
  },
  about: 170,
};

export const dedupeScenes: readonly Scene[] = [sharing];
