import { afterAll, beforeAll, expect, it } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const all = [1, 2, 3, 4, 5, 6, 7, 8, 9];
let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'text ' || n % 3 FROM generate_series(1, 9) n`);
});
afterAll(() => database[Symbol.asyncDispose]());

it('a row that failed is sent again after gc, and those that ask the same take its answer', async () => {
  await using emulator = await createEmulator({
    faults: { rows: [{ fault: 'status', status: 400, custom_ids: ['2'], attempts: 1 }] },
  });
  await using project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', dedupe: true },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: { type: 'postgres', url: database.url, table: 'answers', create: true },
  });
  const { run_id: runId, rows } = await project.summary(1);
  expect(rows).toMatchObject({ ok: 6, failed: 3 });
  expect(await project.cli('gc', '--older-than', '1ms')).toMatchObject({ code: 0 });
  expect(await project.cli('retry', runId)).toMatchObject({ code: 0 });
  expect((await project.status()).rows).toMatchObject({ requested: 9, ok: 9, failed: 0, pending: 0 });
  const { rows: answers } = await database.client.query('SELECT id::int, text FROM answers ORDER BY 1');
  expect(answers).toEqual(all.map((id) => ({ id, text: promptAnswer(`text ${id % 3}`) })));
});
