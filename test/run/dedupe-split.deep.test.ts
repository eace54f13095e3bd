import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { paidLines, readBill } from '../support/bill.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** Pieces of a sentence each; the first one is the same in every text. */
function text(...names: readonly string[]): string {
  return ['the house', ...names]
    .map((name) => `In ${name} number 7 the old grey cat sleeps on the warm stone. `)
    .join('');
}

beforeEach(async () => {
  await database.client.query(`
    DROP TABLE IF EXISTS docs, pieces, batchline_loads;
    CREATE TABLE docs (id bigint PRIMARY KEY, body text)`);
  for (const [id, body] of [text('one', 'two'), text('one'), text('three', 'two')].entries())
    await database.client.query('INSERT INTO docs VALUES ($1, $2)', [id + 1, body]);
});

function pipeline(url: string, parts: object = {}): object {
  return {
    source: { type: 'postgres', url: database.url, table: 'docs', key: 'id' },
    transforms: [{ type: 'split', field: 'body', max_tokens: 20 }],
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', dedupe: true },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: 3 },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'pieces',
      create: true,
      columns: { body: 'row.body' },
      ...parts,
    },
  };
}

async function pieces(): Promise<readonly string[]> {
  const { rows } = await database.client.query<{ piece: string }>(
    `SELECT concat_ws(' ', id, chunk_index, split_part(body, ' number', 1)) AS piece FROM pieces ORDER BY id, chunk_index`,
  );
  return rows.map(({ piece }) => piece);
}

const all = [
  '1 0 In the house',
  '1 1 In one',
  '1 2 In two',
  '2 0 In the house',
  '2 1 In one',
  '3 0 In the house',
  '3 1 In three',
  '3 2 In two',
];

test('pieces that ask the same are paid once and all answered', async () => {
  await using emulator = await createEmulator();
  await using project = await PipelineProject.create(pipeline(emulator.url, { mode: 'insert' }));
  expect((await project.summary()).rows).toMatchObject({ records: 3, requested: 8, ok: 8, failed: 0 });
  expect(await pieces()).toEqual(all);
  expect(paidLines(await readBill(emulator.dataDir))).toHaveLength(4);
});

test('a first piece that takes the answer of another deletes what its text has lost', async () => {
  await using emulator = await createEmulator();
  await using project = await PipelineProject.create(pipeline(emulator.url));
  await project.summary();
  expect(await pieces()).toEqual(all);
  const shorter = 'In a new place number 7 the old grey cat sleeps on the warm stone. ';
  await database.client.query('UPDATE docs SET body = $1 WHERE id IN (1, 3)', [shorter]);
  expect((await project.summary()).rows).toMatchObject({ requested: 2, ok: 2, skipped: 2 });
  expect(await pieces()).toEqual(['1 0 In a new place', ...all.slice(3, 5), '3 0 In a new place']);
});
