import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { open, readAll, sourceSessions } from './postgres-support.ts';

let database: TestDatabase;
let url: string;

beforeAll(async () => {
  database = await createDatabase();
  ({ url } = database);
});
afterAll(() => database[Symbol.asyncDispose]());

const sql = (text: string) => database.client.query(text);

describe('keys in pages', () => {
  test('numbers are ordered as numbers', async () => {
    await sql('CREATE TABLE numbers (id int PRIMARY KEY, body text)');
    await sql(`INSERT INTO numbers SELECT i, 'row ' || i FROM generate_series(1, 120) i`);
    await using source = await open({ url, table: 'numbers' }, ['id']);
    expect(source).toMatchObject({ keyIsUnique: true, resumable: true });
    const rows = await readAll(source);
    expect(rows.map((row) => row.key[0])).toEqual(Array.from({ length: 120 }, (_, at) => String(at + 1)));
    expect(rows[99]).toMatchObject({
      record: 100,
      position: 'record 100 of public.numbers (id = 100)',
      values: [100n, 'row 100'],
    });
  });

  test.each([
    ['uuid', 'gen_random_uuid()'],
    ['text', `chr(65 + i % 40) || E'\\\\ \\'"' || i`],
    ['text COLLATE "C"', `chr(65 + i % 60) || i`],
    ['varchar(12)', `'ä' || i`],
    ['char(8)', `i::text`],
    ['timestamptz', `now() + i * interval '1.000001 second'`],
    ['timestamp(3)', `timestamp '1999-12-31 23:59:59' + i * interval '1 ms'`],
    ['date', `date '0001-06-01 BC' + i * 30`],
    ['numeric', `i * 1.25 - 9`],
    ['numeric(20,4)', `i / 3.0`],
    ['float8', `CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE i / 3.0::float8 END`],
    ['bytea', `decode(lpad(to_hex(i * 7), 4, '0'), 'hex')`],
    ['interval', `i * interval '1 hour 1 second'`],
    ['int[]', `ARRAY[i % 3, i]`],
    ['jsonb', `jsonb_build_object('a', i)`],
    ['boolean', `i % 2 = 0`, 2],
    ['"odd type"', `i::text`],
  ])('of type %s', async (type, expression, count = 40) => {
    await sql(
      `DROP TABLE IF EXISTS keyed; DROP DOMAIN IF EXISTS "odd type"; CREATE DOMAIN "odd type" AS text`,
    );
    await sql(`CREATE TABLE keyed (id ${type} PRIMARY KEY, n int)`);
    await sql(`INSERT INTO keyed SELECT ${expression}, i FROM generate_series(1, ${count}) i`);
    await using source = await open({ url, table: 'keyed' }, ['id']);
    const rows = await readAll(source);
    const expected = await database.client.query<{ n: number }>('SELECT n FROM keyed ORDER BY id');
    expect(rows.map((row) => row.values[1])).toEqual(expected.rows.map((row) => BigInt(row.n)));
    const after = rows[20];
    if (after === undefined) return;
    const rest = await readAll(source, { after: after.cursor ?? '' });
    expect(rest.map((row) => row.key)).toEqual(rows.slice(21).map((row) => row.key));
    expect(rest[0]?.record).toBe(1);
  });

  test('of several columns', async () => {
    await sql('CREATE TABLE pairs (a int, b text, note text, PRIMARY KEY (b, a))');
    await sql(`INSERT INTO pairs SELECT i % 7, chr(97 + i / 7), 'n' FROM generate_series(0, 48) i`);
    await using source = await open({ url, table: 'pairs' }, ['a', 'b']);
    const rows = await readAll(source, { fields: ['note'] });
    expect(new Set(rows.map((row) => row.key.join())).size).toBe(49);
    expect(rows.slice(6, 9).map((row) => row.key)).toEqual([
      ['0', 'g'],
      ['1', 'a'],
      ['1', 'b'],
    ]);
    expect(rows[0]?.values).toEqual(['n']);
  });

  test('a limit is kept over pages', async () => {
    await using source = await open({ url, table: 'numbers' }, ['id']);
    for (const limit of [0, 1, 3, 4, 7]) expect(await readAll(source, { limit })).toHaveLength(limit);
  });

  test('conditions are all held, also those that end in a comment', async () => {
    const config = { url, table: 'numbers', where: 'numbers.id > 5 or id = 2 -- old ones' };
    await using source = await open(config, ['id'], { where: 'id < 9' });
    expect((await readAll(source)).map((row) => row.key[0])).toEqual(['2', '6', '7', '8']);
  });

  test('a page that nobody reads from is given up, and read on later', async () => {
    await sql(
      'CREATE TABLE wide AS SELECT i AS id, repeat(md5(i::text), 1000) AS body FROM generate_series(1, 600) i',
    );
    await sql('ALTER TABLE wide ADD PRIMARY KEY (id)');
    await using source = await open({ url, table: 'wide' }, ['id'], {
      paging: { firstRows: 1000, mostRows: 1000, patienceMs: 50 },
    });
    const keys: string[] = [];
    let isGivenUp = false;
    for await (const batch of source.read({ fields: ['body'], signal: new AbortController().signal })) {
      for (let row = 0; row < batch.length; row += 1) keys.push(String(batch.keyPart(row, 0)));
      if (isGivenUp) continue;
      await expect.poll(() => sourceSessions(database.client)).toEqual([]);
      isGivenUp = true;
    }
    expect(keys).toEqual(Array.from({ length: 600 }, (_, at) => String(at + 1)));
  });
});

describe('tables whose key is not proven unique', () => {
  test.each([
    ['no index', ''],
    ['a partial index', 'CREATE UNIQUE INDEX ON loose (id) WHERE id > 100'],
    ['an index on an expression', 'CREATE UNIQUE INDEX ON loose ((id + 1))'],
    ['an index on more columns', 'CREATE UNIQUE INDEX ON loose (id, body)'],
    ['a deferrable constraint', 'ALTER TABLE loose ADD UNIQUE (id) DEFERRABLE'],
    ['a nullable column', 'CREATE UNIQUE INDEX ON loose (id); ALTER TABLE loose ALTER id DROP NOT NULL'],
    ['children', 'ALTER TABLE loose ADD PRIMARY KEY (id); CREATE TABLE child () INHERITS (loose)'],
  ])('%s', async (_, ddl) => {
    await sql(
      `DROP TABLE IF EXISTS loose CASCADE; CREATE TABLE loose (id int NOT NULL, body text NOT NULL); ${ddl}`,
    );
    await using source = await open({ url, table: 'loose' }, ['id']);
    expect(source).toMatchObject({ keyIsUnique: false, resumable: false });
  });

  test('duplicates and nulls are all read, in one pass', async () => {
    await sql('DROP TABLE IF EXISTS loose CASCADE; CREATE TABLE loose (id int, body text)');
    await sql(`INSERT INTO loose VALUES (2, 'a'), (1, 'b'), (2, 'c'), (2, 'd'), (2, 'e'), (NULL, 'f')`);
    await using source = await open({ url, table: 'loose' }, ['id']);
    const rows = await readAll(source);
    expect(rows.map((row) => row.key[0])).toEqual(['1', '2', '2', '2', '2', null]);
    expect(rows.at(-1)?.position).toBe('record 6 of public.loose (id is null)');
  });

  test('rows without an order come as they stand', async () => {
    await sql(`CREATE TABLE points (id point, n int); INSERT INTO points VALUES ('(1,2)', 1), ('(0,0)', 2)`);
    await using source = await open({ url, table: 'points' }, ['id']);
    expect((await readAll(source)).map((row) => row.key[0])).toEqual(['(1,2)', '(0,0)']);
  });

  test('a view is read in one pass', async () => {
    await sql('CREATE VIEW some_numbers AS SELECT id, body FROM numbers WHERE id <= 10');
    await using source = await open({ url, table: 'some_numbers' }, ['id']);
    expect(source.resumable).toBe(false);
    expect(await readAll(source)).toHaveLength(10);
  });
});

test('a null in a nullable part of a unique key is an error, not a row that is passed over', async () => {
  await sql('CREATE TABLE parts (id int PRIMARY KEY, part text)');
  await sql(`INSERT INTO parts VALUES (1, 'a'), (2, NULL), (3, 'c')`);
  await using source = await open({ url, table: 'parts' }, ['id', 'part']);
  expect(source.keyIsUnique).toBe(true);
  await expect(readAll(source)).rejects.toMatchObject({
    code: 'null_key',
    message: expect.stringContaining('"part"'),
  });
  await using filtered = await open({ url, table: 'parts', where: 'part is not null' }, ['id', 'part']);
  expect((await readAll(filtered)).map((row) => row.key)).toEqual([
    ['1', 'a'],
    ['3', 'c'],
  ]);
});

test('partitioned and quoted tables are tables', async () => {
  await sql('CREATE SCHEMA "My Schema"');
  await sql(
    'CREATE TABLE "My Schema"."Mixed ""Case""" ("The Id" int PRIMARY KEY, "t" text) PARTITION BY RANGE ("The Id")',
  );
  await sql(
    'CREATE TABLE "My Schema".p1 PARTITION OF "My Schema"."Mixed ""Case""" FOR VALUES FROM (0) TO (100)',
  );
  await sql(`INSERT INTO "My Schema"."Mixed ""Case""" SELECT i, 'x' FROM generate_series(1, 10) i`);
  await using source = await open({ url, table: '"My Schema"."Mixed ""Case"""' }, ['The Id']);
  expect(source.resumable).toBe(true);
  expect(await readAll(source)).toHaveLength(10);
});

describe('a query', () => {
  test('is read as it stands, with its types', async () => {
    const query =
      'SELECT id, upper(body) AS "Loud", id / 4.0 AS part FROM numbers ORDER BY id DESC; -- newest first';
    await using source = await open({ url, query: query.replace('; --', ' --') }, ['id'], {
      where: '"Loud" <> \'ROW 7\'',
    });
    expect(source.fields).toEqual([
      { name: 'id', kind: 'integer', sqlType: 'integer' },
      { name: 'Loud', kind: 'text', sqlType: 'text' },
      { name: 'part', kind: 'numeric', sqlType: 'numeric' },
    ]);
    expect(source).toMatchObject({ keyIsUnique: false, resumable: false });
    const rows = await readAll(source, { limit: 3 });
    expect(rows.map((row) => row.values[1])).toEqual(['ROW 120', 'ROW 119', 'ROW 118']);
    expect(rows[0]?.position).toBe('record 1 of the query (id = 120)');
  });

  test('may end in a semicolon, and may not change anything', async () => {
    await using source = await open({ url, query: 'SELECT 1 AS id;' }, ['id']);
    expect(await readAll(source)).toHaveLength(1);
    await expect(open({ url, query: "SELECT nextval('s') AS id" }, ['id'])).rejects.toMatchObject({
      code: 'unknown_table',
    });
    await sql('CREATE SEQUENCE s');
    await using writing = await open({ url, query: "SELECT nextval('s') AS id" }, ['id']);
    await expect(readAll(writing)).rejects.toMatchObject({ code: 'read_only_transaction' });
  });

  test('with two columns of one name is an error', async () => {
    await expect(open({ url, query: 'SELECT 1 AS a, 2 AS a' }, ['a'])).rejects.toMatchObject({
      code: 'duplicate_column',
    });
  });
});
