import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { batchesOf, boughtTwice } from '../support/batches-of.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { faultHits } from '../support/fault-hits.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const rowCount = 20_000;
const rowsPerFile = 2000;
const timeout = 180_000;
const ids = Array.from({ length: rowCount }, (_, index) => index + 1);

/** One row in a hundred fails for good; of the others some fail or are missing the first time that they run. */
const fails = (id: number): boolean => id % 100 === 50;
const failsFirst = (id: number): boolean => id % 20 === 1;
const missesFirst = (id: number): boolean => id % 50 === 2;

function customIds(isHit: (id: number) => boolean): string[] {
  return ids.filter(isHit).map(String);
}

const faults: FaultsInput = {
  rows: [
    { fault: 'status', status: 400, custom_ids: customIds(fails) },
    { fault: 'status', status: 429, custom_ids: customIds(failsFirst), attempts: 1 },
    { fault: 'missing', custom_ids: customIds(missesFirst), attempts: 1 },
  ],
  batches: [
    { fault: 'expired', batches: 3, after: 0.5 },
    { fault: 'cancelled', batches: 6, after: 0.5 },
    { fault: 'unlisted', for: '150ms' },
    // Rows that are missing and counted all the same would be held.
    { fault: 'null_counts' },
  ],
  http: [
    { fault: 'download_cut', requests: 1 },
    { fault: 'download_short', requests: 5 },
    { fault: 'cut', on: 'create_batch', requests: [2, 5], effect: 'done' },
  ],
};

let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator({ faults });
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, ${rowCount}) n`);
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

it('accounts for each of 20,000 rows, whatever went wrong with some of them', { timeout }, async () => {
  await using project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: rowsPerFile },
    max_failed_rows: '1%',
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text' },
    },
  });
  const summary = await project.summary();

  const failed = customIds(fails).length;
  expect(summary.status).toBe('completed_with_failures');
  expect(summary.rows).toEqual({
    records: rowCount,
    read: rowCount,
    filtered: 0,
    skipped: 0,
    requested: rowCount,
    ok: rowCount - failed,
    failed,
    pending: 0,
    cleaned: 0,
    truncated: 0,
  });
  const { total, completed, expired, cancelled } = summary.batches;
  expect([expired, cancelled, total - completed]).toEqual([1, 1, 2]);

  const { rows } = await database.client.query<{ id: string; answer: string }>(
    'SELECT id::text, answer FROM answers ORDER BY answers.id',
  );
  expect(rows.map(({ id }) => id)).toEqual(customIds((id) => !fails(id)));
  expect(rows.filter(({ id, answer }) => answer !== promptAnswer(`note ${id}`))).toEqual([]);

  const { stdout } = await project.cli('errors', summary.run_id, '--json');
  const errors = stdout.split('\n').filter((line) => line !== '');
  const reported = errors.map((line) => JSON.parse(line) as { custom_id: string; stage: string });
  expect(reported.map(({ custom_id: id }) => Number(id)).sort((a, b) => a - b)).toEqual(ids.filter(fails));
  expect(new Set(reported.map(({ stage }) => stage))).toEqual(new Set(['request']));

  const batches = await batchesOf(emulator.url);
  expect(boughtTwice(batches)).toEqual([]);
  expect(batches).toHaveLength(total);
  expect(await faultHits(emulator.url)).toMatchObject({
    'batches[0]': 1,
    'batches[1]': 1,
    'http[0]': 1,
    'http[1]': 1,
    'http[2]': 2,
  });
});
