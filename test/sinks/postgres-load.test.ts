import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

test('creates its table, loads, and overwrites by key', async () => {
  const context = sinkContext(
    [column('id', 'bigint')],
    [column('tags', 'jsonb'), column('at', 'timestamptz')],
  );
  await using sink = await openPostgres({ url: database.url, table: 'Made', create: true }, context);
  expect(sink.keepsHash).toBe(true);
  await sink.rehearse();
  expect(await sink.findUnchanged([['1']], ['hash-0'])).toEqual([false]);
  await sink.prepare();
  await sink.prepare();
  const first = resultBatch(1, [
    ['1', ['a', 'b'], '2025-01-02T03:04:05.678Z'],
    ['2', null, '2025-01-02T03:04:05.678Z'],
  ]);
  expect(await sink.load(first, mark())).toEqual({ failures: [], cleaned: 0 });
  expect(await sink.load(resultBatch(1, [['2', { x: 1 }, null]]), mark('2'))).toEqual({
    failures: [],
    cleaned: 0,
  });
  expect(
    await sink.findUnchanged([['2'], ['1'], ['x'], ['1']], ['hash-0', 'hash-0', 'hash-0', 'other']),
  ).toEqual([true, true, false, false]);
  expect(await sink.sample(5)).toEqual({
    columns: ['id', 'tags', 'at'],
    rows: [
      ['1', '["a", "b"]', '2025-01-02 03:04:05.678+00'],
      ['2', '{"x": 1}', null],
    ],
  });
});
