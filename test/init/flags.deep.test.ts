import { readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

test('a table of odd names is tagged by the file that is written', async () => {
  await using database = await createDatabase();
  await database.client.query(`
    CREATE SCHEMA "Odd ""Schema""";
    CREATE TABLE "Odd ""Schema"""."订 单" ("Tags" text, "tags" text PRIMARY KEY, "a 'b' ""c""" text, "order" text, now text,
      "订单" text, "{{ x }}" text, "back\\slash" text, "a: b # c" text);
    INSERT INTO "Odd ""Schema"""."订 单" VALUES ('t', 'k', 'one', 'two', 'three', 'four', 'five', 'six', 'seven')`);
  await using project = await PipelineProject.create();
  const url = new URL(database.url);
  url.password = 'hidden-word';
  const made = await project.cli(
    'init',
    '--template=tags',
    '--emulator',
    `--source=${url.href}`,
    '--table',
    '"Odd ""Schema"""."订 单"',
  );
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const yaml = await readFile(project.path('tags.yaml'), 'utf8');
  const example = await readFile(project.path('.env.example'), 'utf8');
  expect(`${yaml}${example}${made.stdout}`).not.toContain('hidden-word');
  expect((await stat(project.path('.env'))).mode & 0o777).toBe(0o600);
  expect(await project.cli('validate', 'tags.yaml')).toMatchObject({ code: 0 });
  expect(await project.cli('run', 'tags.yaml', '--limit', '20', '--quiet')).toMatchObject({ code: 0 });
  const { rows } = await database.client.query('SELECT * FROM "Odd ""Schema"""."订 单_tags"');
  expect(rows).toMatchObject([{ tags: 'k', answer_tags: expect.any(Array) }]);

  const again = await project.cli('init', '--template', 'tags', '--source', url.href, '--name', 'tags');
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
});

test('what is wrong with the table is told with what to do', async () => {
  await using database = await createDatabase();
  await database.client.query(`
    CREATE TABLE void (id int PRIMARY KEY, body text);
    CREATE TABLE plain (id int, body text);
    INSERT INTO plain VALUES (1, 'x')`);
  await using project = await PipelineProject.create();
  const init = (...flags: string[]) =>
    project.cli('init', '--template', 'tags', '--source', database.url, ...flags);
  expect(await init()).toMatchObject({ code: 2, stderr: expect.stringContaining('public.void') });
  expect(await init('--table', 'plane')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('plain?'),
  });
  expect(await init('--table', 'void')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no rows'),
  });
  const unnamed = await init('--table', 'plain');
  expect(unnamed).toMatchObject({ code: 2, stderr: expect.stringContaining('--key') });
  const missing = await init('--table', 'plain', '--key', 'idd');
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean "id"?') });
  const loose = await init('--table', 'plain', '--key', 'id');
  expect(loose).toMatchObject({ code: 2, stderr: expect.stringContaining('ADD PRIMARY KEY ("id")') });
});

test('the quickstart runs without a server', async () => {
  await using project = await PipelineProject.create();
  expect(await project.cli('init', '--template', 'quickstart')).toMatchObject({ code: 0 });
  expect(await project.cli('run', 'quickstart.yaml', '--quiet')).toMatchObject({ code: 0 });
  expect(await readFile(project.path('quickstart.answers.csv'), 'utf8')).toContain('[""');
});
