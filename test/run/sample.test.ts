import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 30000) n`);
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const create = () =>
  PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 40 },
    sink: { type: 'jsonl', path: 'out.jsonl', columns: { answer: 'text' } },
  });

/** The rows that a run chose. */
async function drawn(project: PipelineProject, ...flags: readonly string[]): Promise<readonly number[]> {
  const { rows } = await project.summary(0, '--set', 'sink.path=trial.jsonl', '--new-run', ...flags);
  expect(rows).toMatchObject({ records: 100, read: 100, ok: 100 });
  const lines = (await readFile(project.path('trial.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { id: number }).id).sort((a, b) => a - b);
}

it('draws so many rows from the whole source, the same again for the same seed', async () => {
  await using project = await create();
  const first = await drawn(project, '--sample', '100');
  expect(new Set(first).size).toBe(100);
  // Rows from all over: a fifth of the source without one would be chance one in a billion.
  for (const fifth of [0, 1, 2, 3, 4]) {
    expect(first.some((id) => id > fifth * 6000 && id <= (fifth + 1) * 6000)).toBe(true);
  }
  expect(await drawn(project, '--sample', '100', '--seed', '0')).toEqual(first);
  expect(await drawn(project, '--sample', '100', '--seed', '1')).not.toEqual(first);
});

it('takes the rows that there are where there are fewer', async () => {
  await using project = await create();
  const flags = ['--sample', '5', '--where', 'id <= 3', '--set', 'sink.path=trial.jsonl'];
  expect((await project.summary(0, ...flags)).rows).toMatchObject({ records: 3, ok: 3 });
});

it.each([
  [['--sample', '0'], 'above 0'],
  [['--sample', '2000000'], 'at most 1000000'],
  [['--seed', '1'], '--sample'],
  [['--sample', '1', '--limit', '1'], '--limit'],
  [['--sample', '1'], '--set sink.path'],
])('is refused as %o', async (flags, word) => {
  await using project = await create();
  expect(await project.run(...flags)).toMatchObject({ code: 2, stderr: expect.stringContaining(word) });
});
