import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatLines } from '../request/chat-lines.ts';
import { Random } from '../../src/emulator/random.ts';
import { batchesOf } from '../support/batches-of.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { anyMoment, runKilled } from './killed-run.ts';

const seed = Number(process.env['BATCHLINE_TEST_SEED'] ?? Date.now() % 0x7fff_ffff);
const rowCount = 60;
const kills = 6;
/** A run begins many times, on a machine that may be busy. */
const timeout = 300_000;

let database: TestDatabase;
let emulator: TestEmulator;
const random = new Random(seed);

/** Every row is answered badly at first, every third a second time too. */
beforeAll(async () => {
  console.log(`BATCHLINE_TEST_SEED=${seed}`);
  const thirds = Array.from({ length: rowCount / 3 }, (_, index) => String(3 * index + 3));
  const rows = [
    { fault: 'misfit' as const, attempts: 1 },
    { fault: 'answer' as const, text: 'still no JSON', custom_ids: thirds, attempts: 2 },
  ];
  database = await createDatabase();
  emulator = await createEmulator({ latencyMs: 60, faults: { rows } });
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, ${rowCount}) n`);
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const schema = {
  type: 'object',
  properties: { tag: { type: 'string' } },
  required: ['tag'],
  additionalProperties: false,
};

describe('rows that are asked again with their answers', () => {
  it(
    'are asked with the last answer, each time once, however often the run is killed',
    { timeout },
    async () => {
      await using project = await PipelineProject.create({
        source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
        request: {
          endpoint: 'chat',
          model: 'gpt-4o-mini',
          prompt: '{{ body }}',
          output: { schema, on_invalid: 'reask' },
        },
        provider: providerAt(emulator.url),
        batch: { ...promptBatch, max_requests: 16 },
        sink: {
          type: 'postgres',
          url: database.url,
          table: 'answers',
          create: true,
          columns: { n: 'attempt' },
        },
      });
      for (let kill = 0; kill < kills; kill += 1)
        if ((await runKilled(project, anyMoment(random))) !== null) break;
      expect((await project.summary()).status).toBe('completed');

      const { rows } = await database.client.query<{ id: string; n: string }>(
        'SELECT id::text, n::text FROM answers ORDER BY answers.id',
      );
      expect(rows).toEqual(
        Array.from({ length: rowCount }, (_, index) => ({
          id: String(index + 1),
          n: index % 3 === 2 ? '3' : '2',
        })),
      );
      const batches = await batchesOf(emulator.url);
      for (const { id } of rows) {
        const [first, ...again] = batches.flatMap((batch) => batch.lines.get(id) ?? []);
        const asking = (answer: string, problem: string) =>
          chatLines.reasking(Buffer.from(first ?? ''), answer, problem).toString('utf8');
        const second = asking('["this does not fit"]', 'the answer must be object');
        const third = asking(
          'still no JSON',
          `The answer is not JSON: Unexpected token 's', "still no JSON" is not valid JSON`,
        );
        expect(again).toEqual(Number(id) % 3 === 0 ? [second, third] : [second]);
      }
    },
  );
});
