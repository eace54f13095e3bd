import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenedSource } from '../../src/core/source.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { open, readAll, sourceSessions, type ReadRow } from './postgres-support.ts';

let database: TestDatabase;
let url: string;

beforeAll(async () => {
  database = await createDatabase();
  ({ url } = database);
  await sql(`CREATE TABLE numbers (id int PRIMARY KEY, body text);
    INSERT INTO numbers SELECT i, 'row ' || i FROM generate_series(1, 120) i`);
});
afterAll(() => database[Symbol.asyncDispose]());

const sql = (text: string) => database.client.query(text);
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => String(from + at));

function openNumbers(partitions: number, config: object = {}): Promise<OpenedSource> {
  return open({ url, table: 'numbers', partitions, ...config }, ['id']);
}

const byNumber = (row: ReadRow) => row.values[1];

/** What was read, in ascending order of a number. */
function sorted(
  rows: readonly ReadRow[],
  by: (row: ReadRow) => unknown = (row) => row.key[0],
): readonly string[] {
  return rows.map((row) => String(by(row))).toSorted((a, b) => Number(a) - Number(b));
}

describe('every row is read once, whatever was read before', () => {
  test.each([
    ['int', 'i'],
    ['uuid', `md5(i::text)::uuid`],
    ['text', `chr(65 + i % 40) || E'\\\\ \\'"' || i`],
    ['text COLLATE "C"', `chr(65 + i % 60) || 'ä' || i`],
    ['char(8)', `i::text`],
    ['timestamptz', `timestamptz '2024-03-31 00:59:59Z' + i * interval '1.000001 second'`],
    ['numeric', `CASE i WHEN 1 THEN 'NaN' ELSE i * 1.25 - 9 END`],
    ['float8', `CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE i / 3.0::float8 END`],
    ['bytea', `decode(lpad(to_hex(i * 7), 4, '0'), 'hex')`],
    ['interval', `i * interval '1 hour 1 second'`],
    ['int[]', `ARRAY[i % 3, i]`],
    ['jsonb', `jsonb_build_object('a', i)`],
    ['"odd type"', `i::text`],
  ])('of type %s', async (type, expression) => {
    await sql(
      `DROP TABLE IF EXISTS keyed; DROP DOMAIN IF EXISTS "odd type"; CREATE DOMAIN "odd type" AS text`,
    );
    await sql(`CREATE TABLE keyed (id ${type} PRIMARY KEY, n int)`);
    await sql(`INSERT INTO keyed SELECT ${expression}, i FROM generate_series(1, 40) i`);
    await using source = await open({ url, table: 'keyed', partitions: 3 }, ['id']);
    const rows = await readAll(source);
    expect(sorted(rows, byNumber)).toEqual(numbers(1, 40));
    for (const read of [1, 14, 27, 40]) {
      const rest = await readAll(source, { after: rows[read - 1]?.cursor ?? '' });
      expect(sorted([...rows.slice(0, read), ...rest], byNumber)).toEqual(numbers(1, 40));
    }
  });

  test('of several columns', async () => {
    await sql('CREATE TABLE pairs (a int, b text, PRIMARY KEY (b, a))');
    await sql(`INSERT INTO pairs SELECT i % 7, chr(97 + i / 7) FROM generate_series(0, 48) i`);
    await using source = await open({ url, table: 'pairs', partitions: 5 }, ['a', 'b']);
    const rows = await readAll(source);
    const rest = await readAll(source, { after: rows[30]?.cursor ?? '' });
    for (const all of [rows, [...rows.slice(0, 31), ...rest]]) {
      expect(all).toHaveLength(49);
      expect(new Set(all.map((row) => row.key.join())).size).toBe(49);
    }
  });

  test.each([0, 1, 2, 3, 7])('of a table of %i', async (count) => {
    await sql('DROP TABLE IF EXISTS few; CREATE TABLE few (id int PRIMARY KEY)');
    await sql(`INSERT INTO few SELECT generate_series(1, ${count})`);
    await using source = await open({ url, table: 'few', partitions: 4 }, ['id']);
    expect(sorted(await readAll(source))).toEqual(numbers(1, count));
  });

  test('of partitions with quoted names', async () => {
    await sql(`CREATE TABLE "Odd ""one" ("a b" int PRIMARY KEY, body text) PARTITION BY RANGE ("a b");
      CREATE TABLE p1 PARTITION OF "Odd ""one" FOR VALUES FROM (0) TO (30);
      CREATE TABLE p2 PARTITION OF "Odd ""one" FOR VALUES FROM (30) TO (99);
      INSERT INTO "Odd ""one" SELECT i, 'x' FROM generate_series(1, 60) i`);
    await using source = await open({ url, table: '"Odd ""one"', partitions: 3 }, ['a b']);
    const rows = await readAll(source);
    expect(sorted(rows)).toEqual(numbers(1, 60));
    expect(boundsOf(rows)).toEqual([['20'], ['40']]);
  });
});

test('records are numbered as they come, and each says where it stands', async () => {
  await using source = await openNumbers(4);
  const rows = await readAll(source);
  expect(rows.map((row) => row.record)).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
  for (const { record, key, position, values } of rows) {
    expect(position).toBe(`record ${record} of public.numbers (id = ${key[0]})`);
    expect(values[1]).toBe(`row ${key[0]}`);
  }
});

test('ranges hold about the same number of rows, however the keys lie', async () => {
  await sql('CREATE TABLE gaps (id bigint PRIMARY KEY, body text)');
  await sql(`INSERT INTO gaps SELECT CASE WHEN i <= 900 THEN i ELSE i * 1000000000::bigint END, 'x'
    FROM generate_series(1, 1000) i`);
  await using source = await open({ url, table: 'gaps', partitions: 4 }, ['id']);
  expect(boundsOf(await readAll(source))).toEqual([['250'], ['500'], ['750']]);
  await using some = await open({ url, table: 'gaps', partitions: 2, where: 'id > 900' }, ['id']);
  expect(boundsOf(await readAll(some))).toEqual([['950000000000']]);
});

test('conditions hold, and the part of a table that a limit asks for is always the same', async () => {
  await using source = await openNumbers(3, { where: 'numbers.id % 2 = 0 -- even' });
  expect(sorted(await readAll(source))).toEqual(numbers(1, 60).map((n) => String(2 * Number(n))));
  await using all = await openNumbers(3);
  for (const limit of [0, 1, 7, 119]) {
    const rows = await readAll(all, { limit });
    expect(rows.map((row) => row.key[0])).toEqual(numbers(1, limit));
  }
  const [first, second] = await readAll(all, { limit: 2 });
  const rest = await readAll(all, { limit: 1, after: first?.cursor ?? '' });
  expect(rest.map((row) => row.key)).toEqual([second?.key]);
});

describe('connections', () => {
  beforeAll(async () => {
    await sql(`CREATE TABLE wide AS SELECT i AS id, repeat(md5(i::text), 1000) AS body FROM generate_series(1, 900) i;
      ALTER TABLE wide ADD PRIMARY KEY (id)`);
  });
  const paging = { firstRows: 1000, mostRows: 1000 };
  const openWide = (patienceMs: number) =>
    open({ url, table: 'wide', partitions: 3 }, ['id'], { paging: { ...paging, patienceMs } });

  test('one a range, all closed where the reader leaves', async () => {
    await using source = await openWide(30_000);
    let sessions: readonly unknown[] = [];
    for await (const batch of source.read({ fields: ['body'], signal: new AbortController().signal })) {
      if (batch.record(0) < 100) continue;
      sessions = await sourceSessions(database.client);
      break;
    }
    expect(sessions).toHaveLength(3);
    await expect.poll(() => sourceSessions(database.client)).toEqual([]);
    expect(await readAll(source, { fields: ['id'] })).toHaveLength(900);
  });

  test('are given up while nobody reads, and read on later', async () => {
    await using source = await openWide(50);
    const keys: string[] = [];
    let hasWaited = false;
    for await (const batch of source.read({ fields: ['body'], signal: new AbortController().signal })) {
      for (let row = 0; row < batch.length; row += 1) keys.push(String(batch.keyPart(row, 0)));
      if (hasWaited) continue;
      hasWaited = true;
      await expect.poll(() => sourceSessions(database.client)).toEqual([]);
    }
    expect(keys.toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers(1, 900));
  });

  test('an abort ends with its reason, a lost connection with an error that may pass', async () => {
    await using source = await openWide(30_000);
    const stop = new AbortController();
    const reason = new Error('enough');
    const read = async (signal: AbortSignal, act: () => unknown) => {
      for await (const batch of source.read({ fields: ['body'], signal })) {
        if (batch.record(0) === 1) await act();
      }
    };
    await expect(read(stop.signal, () => stop.abort(reason))).rejects.toBe(reason);
    await expect(read(new AbortController().signal, endSession)).rejects.toMatchObject({ retryable: true });
    await expect.poll(() => sourceSessions(database.client)).toEqual([]);
  });
});

test('a null in a nullable part of the key is an error, not a row that is passed over', async () => {
  await sql(`CREATE TABLE half_null (a int PRIMARY KEY, b int);
    INSERT INTO half_null SELECT i, nullif(i, 30) FROM generate_series(1, 40) i`);
  await using source = await open({ url, table: 'half_null', partitions: 2 }, ['a', 'b']);
  await expect(readAll(source)).rejects.toMatchObject({ code: 'null_key' });
});

test('what has no ranges is refused', async () => {
  await sql('CREATE VIEW seen AS SELECT * FROM numbers; CREATE TABLE loose (id int, body text)');
  for (const table of ['seen', 'loose']) {
    await expect(open({ url, table, partitions: 2 }, ['id'])).rejects.toMatchObject({
      code: 'not_partitioned',
      hint: expect.stringContaining('unique index on id'),
    });
  }
});

/** Ends one of the source's sessions. */
function endSession() {
  return sql(`SELECT pg_terminate_backend(max(pid)) FROM pg_stat_activity
    WHERE application_name = 'batchline source' AND datname = current_database()`);
}

function boundsOf(rows: readonly ReadRow[]): unknown {
  return (JSON.parse(rows[0]?.cursor ?? '') as { readonly bounds: unknown }).bounds;
}
