import { expect } from 'vitest';
import { acceptedBatches } from '../../support/bill.ts';
import { providerAt } from '../../support/emulator.ts';
import {
  allOk,
  answerTo,
  expectCounts,
  expectNoPartialFiles,
  expectPaidOnce,
  ids,
  notesCsv,
  tableRows,
  type Scene,
} from '../scene.ts';
import type { Places, World } from '../world.ts';

export const rowCount = 6;
export const rowsPerFile = 3;

type Block = Readonly<Record<string, unknown>>;

/** The pipeline of many scenes: notes of a CSV file, answered into a table. */
export function notesPipeline(
  { provider, database, table }: Places,
  parts: { readonly source?: Block; readonly batch?: Block; readonly sink?: Block } = {},
): object {
  return {
    source: { type: 'csv', path: 'notes.csv', key: 'id', ...parts.source },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(provider),
    batch: { poll_interval: '50ms', max_requests: rowsPerFile, ...parts.batch },
    sink: {
      type: 'postgres',
      url: database,
      table,
      create: true,
      columns: { answer: 'text', attempt: 'attempt' },
      ...parts.sink,
    },
  };
}

export const notesScene: Pick<Scene, 'files' | 'pipeline'> = {
  files: { 'notes.csv': notesCsv(rowCount) },
  pipeline: (places) => notesPipeline(places),
};

/** Every row is answered, once, in the run that was begun first, and nothing was bought in vain. */
export async function expectAnswers(world: World): Promise<void> {
  expect(await tableRows(world)).toEqual(ids(rowCount).map((id) => ({ id, answer: answerTo(id) })));
  const [first] = await world.runs();
  if (first === undefined) throw new Error('There is no run in the ledger.');
  expectCounts(first, 'completed', allOk(rowCount));
  await expectPaidOnce(world);
  await expectNoPartialFiles(world);
}

/** Every row is answered in the run that was begun first, and no file was bought twice; answers may have been cut. */
export async function expectFilesBoughtOnce(world: World): Promise<void> {
  expect(await tableRows(world)).toEqual(ids(rowCount).map((id) => ({ id, answer: answerTo(id) })));
  const [first] = await world.runs();
  if (first === undefined) throw new Error('There is no run in the ledger.');
  expectCounts(first, 'completed', allOk(rowCount));
  expect(acceptedBatches(await world.emulator.bill())).toBe(rowCount / rowsPerFile);
  await expectNoPartialFiles(world);
}
