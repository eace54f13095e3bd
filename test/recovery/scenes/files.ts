import { expect } from 'vitest';
import { providerAt } from '../../support/emulator.ts';
import {
  allOk,
  answerTo,
  expectCounts,
  expectNoPartialFiles,
  expectPaidOnce,
  ids,
  notesCsv,
  run,
  runAgain,
  type Scene,
} from '../scene.ts';
import type { World } from '../world.ts';

const rowCount = 6;
const teams = ['a', 'b'] as const;

/** `team,id,body`: neither column alone is a key. */
const teamsCsv = [
  'team,id,body',
  ...ids(rowCount).map((id) => `${team(id)},${Math.ceil(Number(id) / 2)},note ${id}`),
  '',
].join('\n');

function team(id: string): string {
  return teams[Number(id) % 2] ?? '';
}

/** From a file, which cannot be read on in the middle, with a key of two columns, into a file. */
const csvScene: Scene = {
  name: 'run_csv',
  emulator: {
    latencyMs: 60,
    faults: { rows: [{ fault: 'status', status: 429, attempts: 1, every: 5 }] },
  },
  files: { 'notes.csv': teamsCsv, 'answers.csv': 'old\n' },
  pipeline: ({ provider }) => ({
    source: { type: 'csv', path: 'notes.csv', key: ['team', 'id'] },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(provider),
    batch: { poll_interval: '50ms', max_requests: 3 },
    sink: { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } },
  }),
  command: () => run,
  after: runAgain,
  expect: async (world) => {
    const wanted = ids(rowCount).map(
      (id) => `${team(id)},${Math.ceil(Number(id) / 2)},${quoted(answerTo(id))}`,
    );
    expect(await linesOf(world, 'answers.csv')).toEqual(['team,id,answer', ...wanted].sort());
    await expectWhole(world);
  },
  about: 90,
};

/** The same into JSON lines, where rows of one key are left out as they are read. */
const jsonlScene: Scene = {
  name: 'run_jsonl',
  emulator: { latencyMs: 60 },
  files: { 'notes.csv': `${notesCsv(rowCount)}${rowCount},another note\n` },
  pipeline: ({ provider }) => ({
    source: { type: 'csv', path: 'notes.csv', key: 'id', on_duplicate_key: 'first' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(provider),
    batch: { poll_interval: '50ms', max_requests: 3 },
    sink: { type: 'jsonl', path: 'answers.jsonl', columns: { answer: 'text' } },
  }),
  command: () => run,
  after: runAgain,
  expect: async (world) => {
    const wanted = ids(rowCount).map((id) => JSON.stringify({ id, answer: answerTo(id) }));
    expect(await linesOf(world, 'answers.jsonl')).toEqual(wanted.sort());
    await expectWhole(world, { read: rowCount + 1, records: rowCount + 1, skipped: 1 });
  },
  about: 90,
};

async function expectWhole(world: World, counts: Parameters<typeof expectCounts>[2] = {}): Promise<void> {
  const [first] = await world.runs();
  if (first === undefined) throw new Error('There is no run in the ledger.');
  expectCounts(first, 'completed', { ...allOk(rowCount), ...counts });
  await expectPaidOnce(world);
  await expectNoPartialFiles(world);
}

/** The lines of a file of the project's folder, sorted: batches end in any order. */
export async function linesOf(world: World, name: string): Promise<readonly string[]> {
  return (await world.read(name)).split('\n').slice(0, -1).sort();
}

export function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const fileScenes: readonly Scene[] = [csvScene, jsonlScene];
