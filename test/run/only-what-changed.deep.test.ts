import { afterAll, beforeAll, expect, it } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const rows = 10_000;
let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, ${rows}) n`);
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function pipeline(prompt: string): object {
  return {
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt },
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
}

it('is sent again: nothing, then the rows that changed, then all once the prompt has', async () => {
  await using project = await PipelineProject.create(pipeline('{{ body }}'));
  let paid = 0;
  /** What a run is charged for, by the provider's own books. */
  const sent = async (): Promise<number> => {
    await project.summary();
    const before = paid;
    paid = paidLines(await emulator.bill()).length;
    return paid - before;
  };
  expect(await sent()).toBe(rows);
  expect(await sent()).toBe(0);
  await database.client.query("UPDATE notes SET body = body || '!' WHERE id % 1500 = 1");
  expect(await sent()).toBe(7);
  await project.write('pipeline.yaml', pipeline('Shorten: {{ body }}'));
  expect(await sent()).toBe(rows);
  expect(await sent()).toBe(0);
});
