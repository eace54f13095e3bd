import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { canMakeTerminal, converse, down, enter } from './terminal.ts';

const isPossible = canMakeTerminal();
if (!isPossible) process.stderr.write('init is not tested on a terminal: there is no `script` to make one\n');

test.skipIf(!isPossible)('asks its way from an empty folder to tagged rows', async () => {
  await using database = await createDatabase();
  await database.client.query(`
    CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, body text, n int);
    INSERT INTO tickets SELECT n, 'subject ' || n, 'body ' || n, n FROM generate_series(1, 30) n`);
  await using project = await PipelineProject.create();
  const { code, screen } = await converse(
    ['init'],
    [
      ['What is the model to give', enter],
      ['Where are the rows?', `${database.url}${enter}`],
      ['Which table?', enter],
      ['Which column names a row?', enter],
      ['Which columns is the model to read?', enter],
      ['Where do the answers go?', enter],
      ['Who answers?', `${down}${down}${down}${enter}`],
      ['Write DATABASE_URL into .env', enter],
    ],
    { cwd: project.folder },
  );
  expect(screen).toContain('npx pipeline run tickets-tags.yaml --limit 20');
  expect(code).toBe(0);
  const yaml = await readFile(project.path('tickets-tags.yaml'), 'utf8');
  expect(yaml).not.toContain(database.url);

  const run = await project.cli('run', 'tickets-tags.yaml', '--limit', '20', '--json');
  expect(run.stderr).not.toContain('error');
  expect(run.code).toBe(0);
  const { rows } = await database.client.query('SELECT tags FROM tickets_tags');
  expect(rows).toHaveLength(20);
  for (const { tags } of rows as { tags: unknown }[]) expect(tags).toEqual(expect.any(Array));
});

test.skipIf(!isPossible)('Ctrl-C writes nothing and ends with 130', async () => {
  await using project = await PipelineProject.create();
  const { code } = await converse(['init'], [['What is the model to give', '\u0003']], {
    cwd: project.folder,
  });
  expect(code).toBe(130);
  await expect(readFile(project.path('.gitignore'))).rejects.toThrow('ENOENT');
});
