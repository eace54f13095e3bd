import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../../src/emulator/random.ts';
import { paidLines } from '../support/bill.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject, type CliResult } from '../support/pipeline-process.ts';
import { earlyMoment, runKilled } from './killed-run.ts';

const seed = Number(process.env['BATCHLINE_TEST_SEED'] ?? Date.now() % 0x7fff_ffff);
const random = new Random(seed);
const rowCount = 60;
const pieces = 6;
const kills = 3;
const timeout = 200_000;

let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  console.log(`BATCHLINE_TEST_SEED=${seed}`);
  [database, emulator] = await Promise.all([createDatabase(), createEmulator({ latencyMs: 50 })]);
  await database.client.query(`
    CREATE TABLE texts (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO texts
    SELECT n, string_agg('Row ' || n || ' sentence ' || s || '.', E'\\n\\n' ORDER BY s)
      FROM generate_series(1, ${rowCount}) n, generate_series(1, ${pieces}) s GROUP BY n`);
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Files end inside of texts, and inside of ranges. */
async function createProject(): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'texts', key: 'id', partitions: 3 },
    transforms: [
      { type: 'module', path: 'loud.ts', fields: { body: 'text' } },
      { type: 'split', field: 'body', max_tokens: 9 },
    ],
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 25 },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { piece: 'row.body' },
    },
  });
  await project.write(
    'loud.ts',
    'export default ({ body }: { body: string }) => ({ body: body.toUpperCase() });\n',
  );
  return project;
}

it('each piece of a row, read in ranges, is there and paid once', { timeout }, async () => {
  await using project = await createProject();
  let ended: CliResult | null = null;
  for (let kill = 0; kill < kills && ended === null; kill += 1) {
    ended = await runKilled(project, earlyMoment(random));
  }
  ended ??= await project.run();
  expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
  const { rows } = await database.client.query<{ row: number; text: string; last: number }>(
    `SELECT id::int AS row, string_agg(piece, '' ORDER BY chunk_index) AS text, max(chunk_index)::int AS last
       FROM answers GROUP BY id ORDER BY answers.id`,
  );
  const { rows: texts } = await database.client.query<{ row: number; text: string }>(
    'SELECT id::int AS row, upper(body) AS text FROM texts ORDER BY id',
  );
  expect(rows).toEqual(texts.map((text) => ({ ...text, last: pieces - 1 })));
  const paid = paidLines(await emulator.bill());
  expect(paid).toHaveLength(rowCount * pieces);
  expect(new Set(paid).size).toBe(rowCount * pieces);
});
