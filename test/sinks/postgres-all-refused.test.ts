import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const rows = resultBatch(
  1,
  Array.from({ length: 5000 }, (_, row) => [String(row), row % 1000 === 7 ? 'good' : 'bad']),
);

test.each(['upsert', 'insert'] as const)(
  '%s tells the good rows from the bad where nearly all are refused',
  async (mode) => {
    const table = `refusing_${mode}`;
    // A column that is called as the loader's own are.
    await database.client.query(
      `CREATE TABLE ${table} (id bigint PRIMARY KEY, batchline_row text CHECK (batchline_row <> 'bad'))`,
    );
    const context = sinkContext([column('id', 'bigint')], [column('batchline_row')]);
    await using sink = await openPostgres({ url: database.url, table, mode }, context);
    await sink.prepare();
    const { failures } = await sink.load(rows, mark());
    expect(failures).toHaveLength(4995);
    expect(failures[7]).toMatchObject({ row: 8, code: 'check_violation' });
    const { rows: stored } = await database.client.query(`SELECT count(*)::int AS n FROM ${table}`);
    expect(stored).toEqual([{ n: 5 }]);
  },
  60_000,
);
