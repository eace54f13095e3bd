import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

async function openInto(table: string, create = false) {
  const context = sinkContext([column('id', 'bigint')], [column('tag')]);
  const sink = await openPostgres({ url: database.url, table, create, mode: 'insert' }, context);
  await sink.rehearse();
  await sink.prepare();
  return sink;
}

async function count(table: string): Promise<number> {
  const { rows } = await database.client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return rows[0]?.n ?? -1;
}

test('a load that is repeated inserts once, and tells the same failures', async () => {
  await database.client.query(
    `CREATE SCHEMA data; CREATE TABLE data.log (id bigint, tag text CHECK (tag <> 'bad'))`,
  );
  const rows = resultBatch(1, [
    ['1', 'a\0'],
    ['2', 'bad'],
    ['x', 'b'],
    ['1', 'again'],
    ['4', 'c'],
  ]);
  await using sink = await openInto('data.log');
  const first = await sink.load(rows, mark());
  expect(first.failures.map(({ row, code }) => [row, code])).toEqual([
    [1, 'check_violation'],
    [2, 'invalid_value'],
    [3, 'sink_key_collision'],
  ]);
  expect(first.cleaned).toBe(1);
  expect(await sink.load(rows, mark())).toEqual(first);
  await using later = await openInto('data.log');
  expect(await later.load(rows, mark())).toEqual(first);
  expect(await count('data.log')).toBe(2);
  const { rows: marks } = await database.client.query(
    'SELECT run_id, chunk, file_sha256 FROM data.batchline_loads',
  );
  expect(marks).toEqual([
    { run_id: 'run-1', chunk: '1', file_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
  await sink.load(rows, mark('2'));
  await sink.load(rows, mark('1', 'run-2'));
  expect(await count('data.log')).toBe(6);
});

test('tables of one schema do not take the marks of another for their own', async () => {
  await database.client.query(`
    CREATE SCHEMA shared;
    CREATE TABLE shared.one (id bigint, tag text);
    CREATE TABLE shared.two (id bigint, tag text);
    -- As an older version made it.
    CREATE TABLE shared.batchline_loads (
      run_id text, chunk text, file_sha256 text, failures jsonb, PRIMARY KEY (run_id, chunk, file_sha256))`);
  const rows = resultBatch(1, [['1', 'a']]);
  for (const table of ['shared.one', 'shared.two', 'shared.one', 'shared.two']) {
    await using sink = await openInto(table);
    await sink.load(rows, mark());
  }
  expect([await count('shared.one'), await count('shared.two')]).toEqual([1, 1]);
});

test('of two processes that load the same at once, one does', async () => {
  await database.client.query('CREATE TABLE race (id bigint, tag text)');
  const rows = resultBatch(
    1,
    Array.from({ length: 5000 }, (_, row) => [String(row), 'x']),
  );
  await using one = await openInto('race');
  await using other = await openInto('race');
  const outcomes = await Promise.all([one, other, one, other].map((sink) => sink.load(rows, mark())));
  expect(outcomes.every(({ failures }) => failures.length === 0)).toBe(true);
  expect(await count('race')).toBe(5000);
});

test('several prepare the same table at once', async () => {
  const sinks = await Promise.all(Array.from({ length: 6 }, () => openInto('made', true)));
  for (const sink of sinks) await sink[Symbol.asyncDispose]();
  expect(await count('made')).toBe(0);
});

test('marks hold whatever a name holds', async () => {
  await database.client.query('CREATE TABLE odd (id bigint, tag text)');
  await using sink = await openInto('odd');
  const odd = { runId: `it's "odd" \\`, place: String.raw`1\'; --`, sha256: '' };
  await sink.load(resultBatch(1, [['1', 'a']]), odd);
  await sink.load(resultBatch(1, [['1', 'a']]), odd);
  expect(await count('odd')).toBe(1);
});
