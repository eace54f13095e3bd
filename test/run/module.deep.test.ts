import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { createHoldingEmulator } from '../support/held-batches.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { errorsOf } from './scene.ts';

const rowCount = 8;
let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  [database, emulator] = await Promise.all([createDatabase(), createEmulator()]);
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, secret text);
    INSERT INTO notes SELECT n, 'note ' || n, 'unread' FROM generate_series(1, ${rowCount}) n`);
});
afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** A project with the module `tags.ts`, whose fields fill a table of the name given. */
async function createProject(
  table: string,
  source: string,
  module: object,
  url = emulator.url,
): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    transforms: [{ type: 'module', path: 'tags.ts', ...module }],
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: promptBatch,
    max_failed_rows: 2,
    sink: {
      type: 'postgres',
      url: database.url,
      table,
      create: true,
      columns: { body: 'row.body', score: 'row.score', seen: 'row.seen', tags: 'row.tags', next: 'row.next' },
    },
  });
  await project.write('tags.ts', source);
  return project;
}

const fields = { body: 'text', score: 'float', seen: 'timestamp', tags: 'json', next: 'integer' };

const typescript = `interface Note { readonly id: number; readonly body: string }

export default async function tags({ id, body }: Note): Promise<object | null> {
  if (id === 3) return null;
  if (id === 5) throw new RangeError('five');
  if (id === 7) return { score: 'high' };
  return { body: body.toUpperCase(), score: id / 8, seen: new Date(id * 1000), tags: ['n', { id }], next: id + 1 };
}
`;

it('makes, drops and fails rows; its fields reach the target with their types', async () => {
  await using project = await createProject('made', typescript, { fields, reads: ['id', 'body'] });
  expect((await project.summary()).rows).toMatchObject({
    records: rowCount,
    read: rowCount,
    filtered: 1,
    requested: 7,
    ok: 5,
    failed: 2,
  });
  const { rows } = await database.client.query(
    `SELECT id::int, body, score, extract(epoch FROM seen)::int AS seen, tags, next::int FROM made ORDER BY made.id`,
  );
  expect(rows).toEqual(
    [1, 2, 4, 6, 8].map((id) => ({
      id,
      body: `NOTE ${id}`,
      score: id / 8,
      seen: id,
      tags: ['n', { id }],
      next: id + 1,
    })),
  );
  expect(await errorsOf(project)).toMatchObject([
    { key: '5', code: 'module_failed', message: expect.stringContaining('failed: five (tags.ts:5)') },
    {
      key: '7',
      code: 'module_failed',
      message: expect.stringMatching(/"score" is text, declared is float$/),
    },
  ]);
});

it('belongs to the run: an edited module is another one', async () => {
  await using held = await createHoldingEmulator();
  await using project = await createProject('edited', typescript, { fields }, held.url);
  await project.summary(3, '--no-wait');
  await project.write('tags.ts', typescript.replace('toUpperCase', 'toLowerCase'));
  const changed = await project.run();
  expect(changed).toMatchObject({ code: 2, stderr: expect.stringContaining('transform files.tags.ts') });
  held.release();
  await project.write('tags.ts', typescript);
  expect((await project.summary()).rows).toMatchObject({ ok: 5 });
});

describe('before anything is sent it is refused', () => {
  it.each([
    ['tags.ts', 'export default (row: object) => {', /tags\.ts:1\)/],
    ['tags.ts', 'enum Tag { A }\nexport default () => ({})', /Types are only stripped: enums/],
    ['tags.ts', '\nconst none: any = null;\nnone.x;', /reading 'x'.*\(tags\.ts:3\)/],
    ['node_modules/tags/index.ts', 'export default () => ({})', /Types are not stripped inside node_modules/],
    ['tags.js', 'export default {', /`node tags\.js` shows where/],
    ['missing.ts', null, /there is no such file[^]*pipeline file's folder/],
  ])('%s: %s', async (path, source, stderr) => {
    await using project = await createProject('refused', '', { path });
    if (path.includes('/')) await mkdir(project.path('node_modules/tags'), { recursive: true });
    if (source !== null) await project.write(path, source);
    expect(await project.run()).toMatchObject({ code: 2, stderr: expect.stringMatching(stderr) });
  });
});
