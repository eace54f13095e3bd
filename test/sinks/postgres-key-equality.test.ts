import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SinkContext } from '../../src/core/sink.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

let database: TestDatabase;
let url: string;

beforeAll(async () => {
  database = await createDatabase();
  ({ url } = database);
  await sql(`CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE DOMAIN ext.mail AS ext.citext;
    CREATE COLLATION ext.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
});
afterAll(() => database[Symbol.asyncDispose]());

const sql = (text: string) => database.client.query(text);

async function* batchesOf(keys: readonly string[]): AsyncGenerator<readonly (readonly string[])[]> {
  yield [keys];
}

async function people(): Promise<unknown> {
  const { rows } = await database.client.query('SELECT id::text, note FROM people ORDER BY id::text');
  return rows;
}

describe.each([
  ['citext off the search path', 'id ext.citext PRIMARY KEY'],
  ['a domain of it', 'id ext.mail PRIMARY KEY'],
  ['a blind collation', 'id text COLLATE ext.blind PRIMARY KEY'],
  ['a blind index', 'id text NOT NULL', 'id COLLATE ext.blind'],
])('keys of %s are equal where the target says so', (_, definition, index = '') => {
  const context: SinkContext = sinkContext([column('id')], [column('note')]);

  async function target(): Promise<void> {
    await sql(
      `DROP TABLE IF EXISTS people; CREATE TABLE people (${definition}, note text, request_hash text)`,
    );
    if (index !== '') await sql(`CREATE UNIQUE INDEX ON people (${index})`);
    await sql("INSERT INTO people VALUES ('Bob', 'old', 'hash-0'), ('Eve', 'old', 'hash-0')");
  }
  test('a key that is written otherwise is loaded, and not deleted', async () => {
    await target();
    await using sink = await openPostgres({ url, table: 'people' }, context);
    await sink.load(resultBatch(1, [['BOB', 'new']]), mark());
    expect(await sink.deleteMissing?.({ parts: 1, batches: batchesOf(['BOB']) })).toBe(1);
    expect(await people()).toEqual([{ id: 'Bob', note: 'new' }]);
  });

  test('it is found unchanged, and updated', async () => {
    await target();
    await using sink = await openPostgres({ url, table: 'people', mode: 'update' }, context);
    expect(await sink.findUnchanged([['bOB'], ['Ann']], ['hash-0', 'hash-0'])).toEqual([true, false]);
    expect(await sink.load(resultBatch(1, [['BOB', 'new']]), mark())).toMatchObject({ failures: [] });
    expect(await people()).toEqual([
      { id: 'Bob', note: 'new' },
      { id: 'Eve', note: 'old' },
    ]);
  });

  test.each(['upsert', 'update'] as const)('of two in one batch the first stays: %s', async (mode) => {
    await target();
    await using sink = await openPostgres({ url, table: 'people', mode }, context);
    const { failures } = await sink.load(
      resultBatch(1, [
        ['BOB', 'first'],
        ['bob', 'second'],
      ]),
      mark(),
    );
    expect(failures).toMatchObject([{ row: 1, code: 'sink_key_collision' }]);
    expect(await people()).toContainEqual({ id: 'Bob', note: 'first' });
  });
});
