import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RunSummary } from '../../src/run/summary.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

/** Rows 1 to 4 ask first, row n asks the same as row n - 4. */
const rowCount = 20;
const all = Array.from({ length: rowCount }, (_, index) => index + 1);
const asksLike = (...leaders: readonly number[]) =>
  all.filter((id) => leaders.some((leader) => leader % 4 === id % 4));
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, place text);
    INSERT INTO notes SELECT n, 'text ' || n % 4, 'place ' || n FROM generate_series(1, ${rowCount}) n`);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  // Without a unique index, so that a row that was loaded twice would show.
  await database.client.query(`
    DROP TABLE IF EXISTS answers, batchline_loads;
    CREATE TABLE answers (id bigint, answer text, place text)`);
});

async function built(): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', dedupe: true },
    // Nothing listens there: neither building nor loading needs a provider.
    provider: { type: 'openai', base_url: 'http://127.0.0.1:1/v1' },
    batch: { max_requests: 3 },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      mode: 'insert',
      columns: { answer: 'text', place: 'row.place' },
    },
  });
  const { code, stderr } = await project.cli('build', 'pipeline.yaml', '--out', 'out');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  return project;
}

function resultLine(id: number, response: object): string {
  return JSON.stringify({ id: `r${id}`, custom_id: String(id), response, error: null });
}

function answerLine(id: number, text = `answer ${id}`): string {
  const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text } }];
  const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
  return resultLine(id, { status_code: 200, request_id: 'q', body: { model: 'gpt', choices, usage } });
}

function failedLine(id: number): string {
  return resultLine(id, { status_code: 400, body: { error: { code: 'bad', message: 'No.' } } });
}

/** Loads a file with these lines. */
async function load(
  project: PipelineProject,
  lines: readonly string[],
  ...flags: readonly string[]
): Promise<RunSummary> {
  await project.write('results.jsonl', lines.map((line) => `${line}\n`).join(''));
  const { stdout, stderr } = await project.cli(
    'load',
    'pipeline.yaml',
    '--json',
    '--results',
    'results.jsonl',
    ...flags,
  );
  expect(stderr).not.toMatch(/^error:/m);
  return JSON.parse(stdout) as RunSummary;
}

async function answers(): Promise<readonly (readonly [number, string, string])[]> {
  const { rows } = await database.client.query<{ id: number; answer: string; place: string }>(
    'SELECT id::int, answer, place FROM answers ORDER BY answers.id',
  );
  return rows.map(({ id, answer, place }) => [id, answer, place]);
}

function expected(ids: readonly number[]) {
  return ids.map((id) => [id, `answer ${((id - 1) % 4) + 1}`, `place ${id}`]);
}

it('loads the answers of a build for every row that asked, as they come', async () => {
  await using project = await built();
  const names = await readdir(project.path('out'));
  const requests = names.filter((name) => name.startsWith('requests-'));
  const lines = await Promise.all(requests.map((name) => readFile(project.path(`out/${name}`), 'utf8')));
  expect(lines.join('').trimEnd().split('\n')).toHaveLength(4);
  expect(names).toContain('followers.jsonl');

  const first = await load(project, [answerLine(4), answerLine(2)]);
  expect(first.rows).toMatchObject({ requested: rowCount, ok: 10, failed: 0, pending: 10 });
  expect(await answers()).toEqual(expected(asksLike(2, 4)));

  // What is known already, said again and otherwise, changes nothing.
  const second = await load(project, [answerLine(2, 'another'), failedLine(3), answerLine(4)]);
  expect(second.rows).toMatchObject({ requested: rowCount, ok: 10, failed: 5, pending: 5 });
  expect(await answers()).toEqual(expected(asksLike(2, 4)));

  const third = await load(project, [answerLine(3), answerLine(1)]);
  expect(third.rows).toMatchObject({ requested: rowCount, ok: rowCount, failed: 0, pending: 0 });
  expect(third.status).toBe('completed');
  expect(await answers()).toEqual(expected(all));
});

it('fails every row that asked what has no result, once no more will come', async () => {
  await using project = await built();
  const summary = await load(project, [answerLine(1), answerLine(3)], '--final');
  expect(summary.rows).toMatchObject({ requested: rowCount, ok: 10, failed: 10, pending: 0 });
  expect(await answers()).toEqual(expected(asksLike(1, 3)));
});

it('loads rows that the target refused once it no longer does, and no other row twice', async () => {
  await using project = await built();
  await database.client.query(
    "ALTER TABLE answers ADD CONSTRAINT fits CHECK (place NOT IN ('place 1', 'place 6'))",
  );
  // Row 1 asks first, row 6 follows row 2.
  const lines = [1, 2, 3, 4].map((id) => answerLine(id));
  const refused = await load(project, lines.slice(0, 2));
  expect(refused.rows).toMatchObject({ ok: 8, failed: 2, pending: 10 });
  await database.client.query('ALTER TABLE answers DROP CONSTRAINT fits');
  const done = await load(project, lines);
  expect(done.rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
  expect(await answers()).toEqual(expected(all));
});

it('loads no row twice where a crash forgot a load and the files then come one by one', async () => {
  await using project = await built();
  await cp(project.stateDir, project.path('before'), { recursive: true });
  for (const id of [1, 2, 3, 4]) await project.write(`results-${id}.jsonl`, `${answerLine(id)}\n`);
  const loadFiles = (...names: readonly string[]) =>
    project.cli('load', 'pipeline.yaml', '--json', '--results', ...names);
  expect(await loadFiles('results-1.jsonl', 'results-2.jsonl', 'results-3.jsonl')).toMatchObject({ code: 3 });
  expect(await answers()).toEqual(expected(asksLike(1, 2, 3)));
  // The target has the rows, the ledger knows nothing of them.
  await rm(project.stateDir, { recursive: true });
  await cp(project.path('before'), project.stateDir, { recursive: true });
  for (const id of [2, 1, 3]) expect(await loadFiles(`results-${id}.jsonl`)).toMatchObject({ code: 3 });
  expect(await loadFiles('results-4.jsonl')).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(all));
});
