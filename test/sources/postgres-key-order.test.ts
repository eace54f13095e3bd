import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toWire } from '../../src/core/wire-text.ts';
import { learnKeyOrder } from '../../src/pg/key-order.ts';
import { pageSql } from '../../src/sources/postgres/select.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { open, readAll, type ReadRow } from './postgres-support.ts';

let database: TestDatabase;
let url: string;

beforeAll(async () => {
  database = await createDatabase();
  ({ url } = database);
  await sql(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET array_nulls = off`);
  await sql(`CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
    CREATE DOMAIN ext.mail AS ext.citext; CREATE TYPE ext.mood AS ENUM ('sad', 'ok', 'happy', 'glad', 'mad');
    CREATE DOMAIN feeling AS ext.mood;
    CREATE COLLATION ext.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE FUNCTION ext.falling_cmp(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT btint4cmp($2, $1)';
    CREATE OPERATOR CLASS ext.falling FOR TYPE int USING btree AS
      OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 ext.falling_cmp(int, int)`);
});
afterAll(() => database[Symbol.asyncDispose]());

const sql = (text: string) => database.client.query(text);

/** Letters of both cases in turn, so that what counts case and what does not differ at every page. */
const mixed = `CASE WHEN i % 2 = 0 THEN upper(chr(97 + i / 2)) ELSE chr(97 + i / 2) END || i`;

const numberOf = (row: ReadRow) => Number(row.values.at(-1));
const numbers = Array.from({ length: 20 }, (_, at) => at + 1);

describe('each row is read once, whatever order the key has', () => {
  test.each([
    ['citext off the search path', 'id ext.citext PRIMARY KEY', mixed],
    ['a domain of it', 'id ext.mail PRIMARY KEY', mixed],
    ['citext[]', 'id ext.citext[] PRIMARY KEY', `ARRAY[${mixed}]::ext.citext[]`],
    [
      'citext, unique as text',
      'id ext.citext NOT NULL',
      `CASE WHEN i % 2 = 0 THEN 'k' ELSE 'K' END || i / 2`,
    ],
    ['a blind collation', 'id text COLLATE ext.blind PRIMARY KEY', mixed],
    [
      'a blind column, unique as it is written',
      'id text COLLATE ext.blind NOT NULL',
      `CASE WHEN i % 2 = 0 THEN 'k' ELSE 'K' END || i / 2`,
      'id COLLATE "C"',
    ],
    ['a column whose index is blind', 'id text COLLATE "C" NOT NULL', mixed, 'id COLLATE ext.blind'],
    ['arrays with nulls', 'id int[] PRIMARY KEY', 'ARRAY[CASE WHEN i > 10 THEN NULL ELSE 5 END, i]'],
    ['an order by patterns', 'id text NOT NULL', mixed, 'id text_pattern_ops'],
    ['an order that falls', 'id int NOT NULL', 'i', 'id ext.falling'],
    ['a descending index', 'id int NOT NULL', 'i', 'id DESC'],
    ['names of relations', 'id regclass PRIMARY KEY', `(1259 + i)::oid::regclass`],
    [
      'an enum in a domain',
      'id feeling NOT NULL, n2 int NOT NULL',
      `(enum_range(null::ext.mood))[1 + i % 5]`,
      'id, n2',
      ['id', 'n2'],
    ],
    [
      'types of two schemas',
      'id ext.citext NOT NULL, n2 int NOT NULL',
      `chr(97 + i % 3)`,
      'id, n2',
      ['id', 'n2'],
    ],
  ])('%s', async (_, columns, expression, index = '', key = ['id']) => {
    await sql(`DROP TABLE IF EXISTS keyed; CREATE TABLE keyed (${columns}, n int)`);
    if (!columns.includes('PRIMARY KEY'))
      await sql(`CREATE UNIQUE INDEX ON keyed (${index === '' ? 'id text_ops' : index})`);
    const values = key.length === 2 ? `${expression}, i, i` : `${expression}, i`;
    await sql(`INSERT INTO keyed SELECT ${values} FROM generate_series(1, 20) i`);
    for (const partitions of [1, 3]) {
      await using source = await open({ url, table: 'keyed', partitions }, key);
      expect(source).toMatchObject({ keyIsUnique: true, resumable: true });
      const rows = await readAll(source);
      expect(rows.map(numberOf).toSorted((a, b) => a - b)).toEqual(numbers);
      for (const read of [1, 7, 13]) {
        const rest = await readAll(source, { after: rows[read - 1]?.cursor ?? '' });
        const all = [...rows.slice(0, read), ...rest].map(numberOf);
        expect(all.toSorted((a, b) => a - b)).toEqual(numbers);
      }
    }
  });
});

test('a partition for each spelling may hold one key twice for a blind index, and is not read in pages', async () => {
  await sql(`CREATE TABLE parted (id text COLLATE "C", n int) PARTITION BY LIST (id)`);
  await sql(`CREATE TABLE upper_case PARTITION OF parted FOR VALUES IN ('A', 'B', 'C', 'D')`);
  await sql(`CREATE TABLE lower_case PARTITION OF parted FOR VALUES IN ('a', 'b', 'c', 'd')`);
  try {
    await sql(
      `ALTER TABLE parted ALTER id SET NOT NULL; CREATE UNIQUE INDEX ON parted (id COLLATE ext.blind)`,
    );
  } catch {
    // A newer server refuses such an index by itself.
    return;
  }
  await sql(`INSERT INTO parted SELECT chr(65 + i % 4 + 32 * (i / 4)), i + 1 FROM generate_series(0, 7) i`);
  await using source = await open({ url, table: 'parted' }, ['id']);
  expect(source.resumable).toBe(false);
  expect((await readAll(source)).map(numberOf).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

async function fingerprintOf(table: string): Promise<unknown> {
  await using source = await open({ url, table }, ['id']);
  return source.fingerprint;
}

test('a run goes on only in the order that it began in', async () => {
  await sql(`CREATE TABLE reordered (id text NOT NULL); CREATE UNIQUE INDEX plain ON reordered (id)`);
  const before = await fingerprintOf('reordered');
  await sql(`DROP INDEX plain; CREATE UNIQUE INDEX ON reordered (id COLLATE ext.blind)`);
  expect(await fingerprintOf('reordered')).not.toEqual(before);
});

test.each([
  ['varchar(12)', ''],
  ['char(8)', ''],
  ['ext.mail', ''],
  ['numeric(20,4)', ''],
  ['text', 'COLLATE ext.blind'],
])('pages of %s begin in the index where the last one ended', async (type, collation) => {
  await sql(`DROP TABLE IF EXISTS indexed; CREATE TABLE indexed (id ${type} NOT NULL, n int NOT NULL);
    CREATE UNIQUE INDEX ON indexed (id ${collation}, n)`);
  const { client } = database;
  const found = await client.query<{ table: number; index: number }>(
    "SELECT indrelid AS table, indexrelid AS index FROM pg_index WHERE indrelid = 'indexed'::regclass",
  );
  const { table, index } = found.rows[0] ?? { table: 0, index: 0 };
  const order = await learnKeyOrder(client, table, ['id', 'n'], index);
  if (order === null) throw new Error('no order');
  const from = { table: { schema: 'public', table: 'indexed' } };
  const key = [{ name: 'id' }, { name: 'n' }];
  const page = { after: ['1', '1'].map(toWire), limit: 3 };
  const text = pageSql({ from, columns: ['id'], key, conditions: [], order }, page);
  const { rows } = await client.query<string[]>({ text: `EXPLAIN ${text}`, rowMode: 'array' });
  const lines = rows.map(([line]) => line).join('\n');
  expect(lines).toContain('Index Cond');
  expect(lines).not.toContain('Sort');
});
