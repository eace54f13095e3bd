import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { acquireLock } from '../../src/files/exclusive-lock.ts';
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

const create = (source: object = { table: 'notes' }) =>
  PipelineProject.create({
    source: { type: 'postgres', url: database.url, ...source, key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 40 },
    sink: { type: 'jsonl', path: 'out.jsonl', columns: { answer: 'text' } },
  });

/** How many sessions wait for an advisory lock of ours. */
async function waiting(): Promise<number> {
  const { rowCount } = await database.client.query(
    `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rowCount ?? 0;
}

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

it('lets others start a run while the keys are read', async () => {
  await using project = await create({
    query: 'SELECT id, body FROM notes, pg_advisory_xact_lock_shared(7)',
  });
  await database.client.query('SELECT pg_advisory_lock(7)');
  const running = project.start('run', 'pipeline.yaml', '--sample', '5', '--set', 'sink.path=trial.jsonl');
  await vi.waitFor(async () => expect(await waiting()).toBeGreaterThan(0), { timeout: 30_000, interval: 50 });
  const lock = await acquireLock(join(project.stateDir, 'choosing.lock'));
  expect(lock).not.toBeNull();
  await lock?.[Symbol.asyncDispose]();
  await database.client.query('SELECT pg_advisory_unlock(7)');
  expect(await running.result).toMatchObject({ code: 0 });
});

it('is drawn for a build too', async () => {
  await using project = await create();
  const build = (out: string) => project.cli('build', 'pipeline.yaml', '--out', out, '--sample', '100');
  expect(await build('one')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^100 requests/) });
  await build('two');
  const [one, two] = [await project.read('one/rows-00001.jsonl'), await project.read('two/rows-00001.jsonl')];
  expect(two).toBe(one);
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
