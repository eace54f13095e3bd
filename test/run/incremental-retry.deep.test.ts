import { expect, it } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

it('a row that an earlier run has answered after a later one is read again', async () => {
  await using database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, version bigint NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n, n FROM generate_series(1, 4) n`);
  await using emulator = await createEmulator({
    faults: { rows: [{ fault: 'status', status: 400, custom_ids: ['2'], attempts: 1 }] },
  });
  await using project = await PipelineProject.create({
    source: {
      type: 'postgres',
      url: database.url,
      table: 'notes',
      key: 'id',
      incremental: { cursor: 'version' },
    },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text' },
    },
  });
  const { run_id: first } = await project.summary(1);
  await database.client.query("UPDATE notes SET body = 'newer', version = 10 WHERE id = 2");
  expect((await project.summary()).rows).toMatchObject({ records: 1, ok: 1 });
  // The request as it was then, which the row asks no longer.
  expect(await project.cli('retry', first)).toMatchObject({ code: 0 });
  expect((await project.summary()).rows).toMatchObject({ records: 1, ok: 1 });
  const { rows } = await database.client.query('SELECT answer FROM answers WHERE id = 2');
  expect(rows).toEqual([{ answer: promptAnswer('newer') }]);
  expect((await project.summary()).rows).toMatchObject({ records: 0 });
});

it('a row that could not be rendered is read again by the command that retry names', async () => {
  await using database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text, version bigint NOT NULL);
    INSERT INTO notes VALUES (1, 'note', 1), (2, NULL, 2)`);
  await using emulator = await createEmulator();
  const request = { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' };
  const file = {
    source: {
      type: 'postgres',
      url: database.url,
      table: 'notes',
      key: 'id',
      incremental: { cursor: 'version' },
    },
    request,
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text' },
    },
  };
  await using project = await PipelineProject.create(file);
  const { run_id: runId } = await project.summary(1);
  const { stderr } = await project.cli('retry', runId);
  expect(stderr).toContain('1 rows failed before they could be sent');
  expect(stderr).toContain('`pipeline run --full-refresh --where CONDITION`');
  await project.write('pipeline.yaml', {
    ...file,
    request: { ...request, prompt: 'Note {{ id }}: {{ body }}' },
  });
  expect((await project.summary(0, '--full-refresh', '--where', 'body IS NULL')).rows).toMatchObject({
    ok: 1,
  });
  expect((await project.summary()).rows).toMatchObject({ records: 0 });
});
