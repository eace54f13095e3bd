import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Random } from '../../src/emulator/random.ts';
import type { RunSummary } from '../../src/run/summary.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const rowCount = 60;
const filesExpected = 4;
let database: TestDatabase;
let emulator: TestEmulator;
let openai: OpenAI;

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator();
  openai = new OpenAI({ baseURL: emulator.url, apiKey: 'any', maxRetries: 0 });
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await database.client.query(`
    DROP TABLE IF EXISTS notes, answers, batchline_loads;
    CREATE TABLE notes (id text PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT 'note/' || n, 'body ' || n FROM generate_series(1, ${rowCount}) n`);
});

/** A project with its build made, and with the results of that, each batch's under the names that it has. */
async function built(sink: object = {}): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    // Nothing listens there: neither building nor loading needs a provider.
    provider: { type: 'openai', base_url: 'http://127.0.0.1:1/v1' },
    batch: { max_requests: rowCount / filesExpected },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text', body: 'row.body' },
      ...sink,
    },
  });
  const { code, stderr } = await project.cli('build', 'pipeline.yaml', '--out', 'out');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  return project;
}

/** Carries a request file through the batch API by hand. @returns the lines of its output file */
async function complete(path: string): Promise<readonly string[]> {
  const file = await openai.files.create({ purpose: 'batch', file: createReadStream(path) });
  let batch = await openai.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  while (batch.status !== 'completed') batch = await openai.batches.retrieve(batch.id);
  const content = await openai.files.content(batch.output_file_id ?? '');
  return (await content.text()).split('\n').filter((line) => line !== '');
}

async function requestFiles(project: PipelineProject): Promise<readonly string[]> {
  const names = await readdir(project.path('out'));
  return names.filter((name) => name.startsWith('requests-')).map((name) => project.path(`out/${name}`));
}

async function completeAll(project: PipelineProject): Promise<readonly (readonly string[])[]> {
  return Promise.all((await requestFiles(project)).map(complete));
}

function jsonLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

async function load(project: PipelineProject, code: number, ...args: readonly string[]): Promise<RunSummary> {
  const result = await project.cli('load', 'pipeline.yaml', '--json', ...args);
  expect([result.code, result.stderr]).toEqual([code, expect.not.stringMatching(/^error:/m)]);
  return JSON.parse(result.stdout) as RunSummary;
}

async function loaded(): Promise<ReadonlyMap<string, string>> {
  const { rows } = await database.client.query<{ id: string; answer: string; body: string }>(
    'SELECT id, answer, body FROM answers',
  );
  return new Map(rows.map(({ id, answer, body }) => [id, `${body}: ${answer}`]));
}

function expected(ids: Iterable<number> = Array.from({ length: rowCount }, (_, index) => index + 1)) {
  return new Map(Array.from(ids, (id) => [`note/${id}`, `body ${id}: ${promptAnswer(`body ${id}`)}`]));
}

/** The custom_id of a key that is no id itself (contract section 2), worked out here a second time. */
function customIdOf(key: string): string {
  return `h_${createHash('sha256').update(key).digest().subarray(0, 16).toString('base64url')}`;
}

/** The n of the row `note/n` that a result line is for. */
function idOf(line: string): number {
  const { custom_id: customId } = JSON.parse(line) as { custom_id: string };
  return idsByCustomId.get(customId) ?? 0;
}

const idsByCustomId = new Map(
  Array.from({ length: rowCount }, (_, index) => [customIdOf(`note/${index + 1}`), index + 1]),
);

function overloaded(line: string): string {
  const error = { code: 'overloaded', message: 'The model is overloaded.' };
  return JSON.stringify({ ...JSON.parse(line), response: { status_code: 503, body: { error } } });
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  const random = new Random(7);
  return items
    .map((item) => ({ item, rank: random.next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

describe('a build', () => {
  it('writes batch files, the rows of each and a manifest, and needs no provider', async () => {
    await using project = await built();
    const names = (await readdir(project.path('out'))).sort();
    const numbers = ['00001', '00002', '00003', '00004'];
    expect(names).toEqual([
      'manifest.json',
      ...numbers.map((number) => `requests-${number}.jsonl`),
      ...numbers.map((number) => `rows-${number}.jsonl`),
    ]);
    const manifest = JSON.parse(await readFile(project.path('out/manifest.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({ pipeline: 'pipeline', endpoint: '/v1/chat/completions' });
    expect((await stat(project.path('out/requests-00001.jsonl'))).mode & 0o777).toBe(0o600);
    expect((await project.status()).rows).toMatchObject({ requested: rowCount, pending: rowCount, ok: 0 });
  });

  it('is not made over another one', async () => {
    await using project = await built();
    const again = await project.cli('build', 'pipeline.yaml', '--out', 'out');
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/^error: .*build already.*out/m);
  });
});

describe('loading', () => {
  it('takes results as they come, and is harmless to repeat', async () => {
    await using project = await built();
    await mkdir(project.path('results'));
    const [first = [], ...others] = await completeAll(project);
    await writeFile(project.path('results/a.jsonl'), jsonLines(first));
    const partial = await load(project, 3, '--results', 'results');
    expect(partial.rows).toMatchObject({ requested: rowCount, ok: 15, failed: 0, pending: 45 });
    expect(partial.status).toBe('waiting');
    expect(await loaded()).toEqual(expected(first.map(idOf)));

    const repeated = await load(project, 3, '--results', 'results');
    expect(repeated.rows).toEqual(partial.rows);

    for (const [index, lines] of others.entries()) {
      await writeFile(project.path(`results/b${index}.jsonl`), jsonLines(lines));
    }
    const whole = await load(project, 0, '--build', 'out', '--results', 'results');
    expect(whole.status).toBe('completed');
    expect(whole.rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
    expect(whole.tokens.output).toBeGreaterThan(partial.tokens.output);
    expect(await loaded()).toEqual(expected());

    expect((await load(project, 0, '--results', 'results/*.jsonl')).rows).toEqual(whole.rows);
    expect(await loaded()).toEqual(expected());
  });

  it('takes one file with the lines of all batches in any order', async () => {
    await using project = await built();
    const lines = shuffled((await completeAll(project)).flat());
    await writeFile(project.path('all.jsonl'), jsonLines(lines));
    const summary = await load(project, 0, '--results', 'all.jsonl');
    expect(summary.rows).toMatchObject({ ok: rowCount, pending: 0 });
    expect(await loaded()).toEqual(expected());
  });

  it('takes compressed files, and lets the first success of a row win', async () => {
    await using project = await built({ mode: 'insert' });
    const lines = shuffled((await completeAll(project)).flat());
    const other = lines.map((line) => line.replace(/"content":"Synthetic/, '"content":"Another'));
    await writeFile(project.path('1.jsonl.gz'), gzipSync(jsonLines(lines)));
    await writeFile(project.path('2.jsonl'), jsonLines(other));
    await load(project, 0, '--results', '1.jsonl.gz', '2.jsonl');
    expect(await loaded()).toEqual(expected());
    await load(project, 0, '--results', '2.jsonl');
    expect(await loaded()).toEqual(expected());
  });

  it('gives rows up with --final: with what was last heard of them, or as missing', async () => {
    await using project = await built();
    const lines = (await completeAll(project)).flat();
    const failedIds = new Set([3, 4]);
    const missingIds = new Set([20, 21, 59]);
    const results = lines
      .filter((line) => !missingIds.has(idOf(line)))
      .map((line) => (failedIds.has(idOf(line)) ? overloaded(line) : line));
    await writeFile(project.path('all.jsonl'), jsonLines(results));
    const waiting = await load(project, 3, '--results', 'all.jsonl');
    expect(waiting.rows).toMatchObject({ ok: 55, failed: 0, pending: 5 });
    const final = await load(project, 1, '--results', 'all.jsonl', '--final');
    expect(final.status).toBe('completed_with_failures');
    expect(final.rows).toMatchObject({ ok: 55, failed: 5, pending: 0 });
    const { stdout } = await project.cli('errors', 'pipeline.yaml', '--json');
    const failures = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { key: string; code: string; message: string });
    expect(new Map(failures.map(({ key, code }) => [key, code]))).toEqual(
      new Map([
        ['note/3', 'overloaded'],
        ['note/4', 'overloaded'],
        ['note/20', 'missing'],
        ['note/21', 'missing'],
        ['note/59', 'missing'],
      ]),
    );
  });

  it('takes a later success for a row that had failed', async () => {
    await using project = await built();
    const lines = (await completeAll(project)).flat();
    await writeFile(
      project.path('first.jsonl'),
      jsonLines(lines.map((line) => (idOf(line) === 7 ? overloaded(line) : line))),
    );
    expect((await load(project, 3, '--results', 'first.jsonl')).rows).toMatchObject({ ok: 59, pending: 1 });
    await writeFile(project.path('second.jsonl'), jsonLines(lines.filter((line) => idOf(line) === 7)));
    const summary = await load(project, 0, '--results', 'second.jsonl');
    expect(summary.rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
    expect(await loaded()).toEqual(expected());
  });

  it('records what the sink refuses', async () => {
    await database.client.query(
      `CREATE TABLE answers (id text PRIMARY KEY, answer text, body text CHECK (body <> 'body 9'))`,
    );
    await using project = await built();
    await writeFile(project.path('all.jsonl'), jsonLines((await completeAll(project)).flat()));
    const summary = await load(project, 1, '--results', 'all.jsonl');
    expect(summary.rows).toMatchObject({ ok: 59, failed: 1, pending: 0 });
    const { stdout } = await project.cli('errors', 'pipeline.yaml', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ key: 'note/9', stage: 'load' });
  });

  it('never reads the source', async () => {
    await using project = await built();
    await writeFile(project.path('all.jsonl'), jsonLines((await completeAll(project)).flat()));
    await database.client.query('DROP TABLE notes');
    expect((await load(project, 0, '--results', 'all.jsonl')).rows).toMatchObject({ ok: rowCount });
    expect(await loaded()).toEqual(expected());
  });

  it('says what is missing', async () => {
    await using project = await built();
    const noResults = await project.cli('load', 'pipeline.yaml', '--results', 'nowhere');
    expect(noResults.code).toBe(2);
    expect(noResults.stderr).toMatch(/^error: .*result files.*nowhere/m);
    const noBuild = await project.cli('load', 'pipeline.yaml', '--build', 'other', '--results', 'out');
    expect(noBuild.code).toBe(2);
    expect(noBuild.stderr).toMatch(/^error: .*no finished build/m);
    await copyFile(project.path('pipeline.yaml'), join(project.folder, 'other.yaml'));
    const otherName = await project.cli('load', 'other.yaml', '--results', 'out');
    expect(otherName.stderr).toMatch(/^error: There is no finished build of other/m);
  });
});
