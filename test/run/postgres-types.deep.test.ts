import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let database: TestDatabase;
let emulator: TestEmulator;

/** Each carried column: its type and two values that are easily damaged. A third row holds NULL everywhere. */
const columns: Readonly<Record<string, readonly [type: string, ...values: string[]]>> = {
  a_bigint: ['bigint', '9223372036854775807', '-9223372036854775808'],
  a_integer: ['integer', '2147483647', '-1'],
  a_smallint: ['smallint', '-32768', '0'],
  a_whole: ['numeric', '123456789012345678901234567890', '0'],
  a_fraction: ['numeric', '0.1000000000000000000000000000000001', '-12345678901234567890.50'],
  a_scaled: ['numeric(12,4)', '1.5000', '-99999999.9999'],
  a_nan: ['numeric', "'NaN'", "'-Infinity'"],
  a_float4: ['real', '0.1', "'-Infinity'"],
  a_float8: ['double precision', '0.1', "'NaN'"],
  a_signed4: ['real', "'-0'", '0'],
  a_signed8: ['double precision', "'-0'", '0'],
  a_signs: ['double precision[]', "'{-0,0,NULL}'", "'{NaN,-Infinity}'"],
  a_tiny: ['double precision', '5e-324', '1.7976931348623157e308'],
  a_boolean: ['boolean', 'true', 'false'],
  a_text: ['text', String.raw`E'tab\t back\\slash "quoted" \u2028 \U0001F511\r\n'`, "''"],
  a_varchar: ['character varying(20)', String.raw`'\N'`, '\'{"a":1}\''],
  a_char: ['character(5)', "'ab'", "'abcde'"],
  a_timestamptz: ['timestamp with time zone', "'2024-03-31 02:30:00.123456+05:30'", "'infinity'"],
  a_timestamp: ['timestamp without time zone', "'2024-03-31 02:30:00.000001'", "'0001-01-01 00:00:00 BC'"],
  a_date: ['date', "'2024-02-29'", "'-infinity'"],
  a_time: ['time without time zone', "'23:59:59.999999'", "'24:00:00'"],
  a_interval: ['interval', "'1 year 2 mons -3 days 04:05:06.789'", "'-00:00:00.000001'"],
  a_jsonb: ['jsonb', `'{"n": 12345678901234567890.123456789, "s": "\\u00e9", "l": [null]}'`, "'[]'"],
  a_json: ['json', `'{"b": 1,  "a": [1.0, 1e400]}'`, `'"just text"'`],
  a_texts: ['text[]', `ARRAY['plain', 'NULL', NULL, '', '{"a,b"}', E'back\\\\slash']`, "'{}'"],
  a_ints: ['integer[]', 'ARRAY[1, NULL, -3]', "'{}'"],
  a_nested: ['text[]', `ARRAY[['a', 'b'], ['c', NULL]]`, `ARRAY[[['x']]]`],
  a_numbers: ['bigint[]', 'ARRAY[9007199254740993]', 'ARRAY[[1],[2]]'],
  a_bytes: ['bytea', String.raw`'\x00ff0a5c'`, String.raw`'\x'`],
  a_uuid: ['uuid', "'00112233-4455-6677-8899-aabbccddeeff'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
  a_enum: ['mood', "'so so'", '\'great, "really"\''],
  a_domain: ['shout', "'HELLO'", "''"],
  a_boxes: ['box[]', `ARRAY['((1,2),(3,4))', '((5,6),(7,8))']::box[]`, "'{}'"],
  a_words: ['int2vector', "'1 2'", "''"],
  a_inet: ['inet', "'10.0.0.0/8'", "'::1'"],
};
const names = Object.keys(columns);

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator();
  await database.client.query(`
    CREATE TYPE mood AS ENUM ('so so', 'great, "really"');
    CREATE DOMAIN shout AS text CHECK (VALUE = upper(VALUE));
    CREATE TABLE everything (id bigint PRIMARY KEY, ${names.map((name) => `${name} ${columns[name]?.[0]}`).join(', ')})`);
  for (const row of [1, 2]) {
    const values = names.map((name) => columns[name]?.[row]);
    await database.client.query(`INSERT INTO everything VALUES (${row}, ${values.join(', ')})`);
  }
  await database.client.query('INSERT INTO everything (id) VALUES (3)');
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Source {
  readonly table: string;
  readonly key: string | readonly string[];
}

async function runOver({ table, key }: Source, carried: readonly string[], prompt: string): Promise<string> {
  const target = `${table}_out`;
  await using project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table, key },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: {
      type: 'postgres',
      url: database.url,
      table: target,
      create: true,
      columns: { answer: 'text', ...Object.fromEntries(carried.map((name) => [name, `row.${name}`])) },
    },
  });
  const summary = await project.summary();
  expect(summary.rows).toMatchObject({ failed: 0, pending: 0, cleaned: 0 });
  return target;
}

async function typesOf(table: string): Promise<ReadonlyMap<string, string>> {
  const { rows } = await database.client.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type
       FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0`,
    [table],
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
}

/** json has no equality, and its spaces are not kept. */
function comparable(table: string, name: string): string {
  const type = columns[name]?.[0];
  return type === 'json' ? `${table}.${name}::jsonb` : `${table}.${name}::text`;
}

describe('a carried column', () => {
  it('arrives as it was, whatever its type', async () => {
    const target = await runOver({ table: 'everything', key: 'id' }, names, 'Row {{ id }}');
    const source = await typesOf('everything');
    const made = await typesOf(target);
    const { rows } = await database.client.query<{ id: string; name: string; was: string; is: string }>(
      names
        .map(
          (name) => `SELECT id::text, '${name}' AS name, s.${name}::text AS was, t.${name}::text AS is
                       FROM everything s FULL JOIN ${target} t USING (id)
                      WHERE ${comparable('s', name)} IS DISTINCT FROM ${comparable('t', name)}`,
        )
        .join(' UNION ALL '),
    );
    expect(rows).toEqual([]);
    for (const name of names) expect([name, made.get(name)]).toEqual([name, source.get(name)]);
    expect((await database.client.query(`SELECT FROM ${target}`)).rowCount).toBe(3);
  });
});

/** Of the type, what stands in the source and what arrives: word for word what docs/getting-started.md says. */
const lost: readonly (readonly [type: string, value: string, arrives: string | null])[] = [
  ['json', "'null'", null],
  ['jsonb', "'null'", null],
  ['json', `'{"a":null}'`, '{"a":null}'],
  ['jsonb[]', `ARRAY['null', '[null]']::jsonb[]`, '{NULL,[null]}'],
  ['json[]', `ARRAY['null', '1']::json[]`, '{NULL,1}'],
  ['jsonb', `'[1.50, 1e2]'`, '[1.5, 100]'],
  ['json', `'{"b": 1, "a": 1, "a": 2, "7": 3}'`, '{"7":3,"b":1,"a":2}'],
  ['integer[]', "'[2:3]={1,2}'", '{1,2}'],
  ['text[]', "'[0:1][5:5]={{a},{b}}'", '{{a},{b}}'],
];

describe('what does not stay of a carried column', () => {
  it('is what the documentation says, and its text does', async () => {
    const named = lost.map(([type, value], at) => [`c${at}`, type, value] as const);
    await database.client.query(
      `CREATE TABLE lossy (id integer PRIMARY KEY, ${named.map(([name, type]) => `${name} ${type}`).join(', ')});
       INSERT INTO lossy VALUES (1, ${named.map(([, , value]) => value).join(', ')});
       CREATE VIEW lossy_texts AS SELECT id, ${named.map(([name]) => `${name}::text`).join(', ')} FROM lossy`,
    );
    const names = named.map(([name]) => name);
    const target = await runOver({ table: 'lossy', key: 'id' }, names, 'Row {{ id }}');
    const texts = await runOver({ table: 'lossy_texts', key: 'id' }, names, 'Row {{ id }}');
    const query = (table: string) =>
      database.client.query<unknown[]>({
        text: `SELECT ${names.map((name) => `${name}::text`).join(', ')} FROM ${table}`,
        rowMode: 'array',
      });
    expect((await query(target)).rows).toEqual([lost.map(([, , arrives]) => arrives)]);
    expect((await query(texts)).rows).toEqual((await query('lossy')).rows);
  });

  it('stays in an array column that reads the text', async () => {
    await using project = await PipelineProject.create({
      source: {
        type: 'postgres',
        url: database.url,
        query: "SELECT 1 AS id, '[2:3]={1,2}' AS spans",
        key: 'id',
      },
      request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: 'Row {{ id }}' },
      provider: providerAt(emulator.url),
      batch: promptBatch,
      sink: {
        type: 'postgres',
        url: database.url,
        table: 'spans_out',
        create: true,
        columns: { spans: { value: 'row.spans', type: 'integer[]' } },
      },
    });
    await project.summary();
    const { rows } = await database.client.query('SELECT spans::text FROM spans_out');
    expect(rows).toEqual([{ spans: '[2:3]={1,2}' }]);
  });
});

/** Key columns by name, and rows of values whose order as text is not their own. */
const keys: Readonly<
  Record<string, readonly [columns: Readonly<Record<string, string>>, ...rows: string[]]>
> = {
  bigint: [{ id: 'bigint' }, '9', '10', '100', '-9223372036854775808', '9223372036854775807'],
  text: [{ id: 'text' }, "'a'", "'h_x'", "''", "'ß/ü'", "E'new\\nline'", `repeat('long', 50)`],
  uuid: [{ id: 'uuid' }, 'gen_random_uuid()', 'gen_random_uuid()', 'gen_random_uuid()'],
  timestamptz: [
    { id: 'timestamptz' },
    "'2024-10-27 00:30:00+00'",
    "'2024-10-27 01:30:00.000001+00'",
    "'infinity'",
    "'0044-03-15 12:00:00+00 BC'",
  ],
  numeric: [{ id: 'numeric' }, '1.10', '10', '9', '-0.5', "'NaN'", '123456789012345678901234567890.1'],
  scaled: [{ id: 'numeric(10,2)' }, '1.10', '10', '9', '-0.5'],
  date: [{ id: 'date' }, "'2024-02-29'", "'0001-01-01 BC'", "'infinity'"],
  bytea: [{ id: 'bytea' }, String.raw`'\x'`, String.raw`'\x00'`, String.raw`'\xff0a5c'`],
  float: [{ id: 'double precision' }, '0.1', '-0.0', '5e-324', "'NaN'"],
  real: [{ id: 'real' }, "'-0'", '0.1'],
  jsonb: [{ id: 'jsonb' }, "'null'", `'"null"'`, `'{"a": 1.50}'`],
  elements: [{ id: 'jsonb[]' }, `ARRAY['null'::jsonb]`, 'ARRAY[NULL::jsonb]'],
  array: [{ id: 'integer[]' }, "'[2:3]={1,2}'", "'{1,2}'"],
  boolean: [{ id: 'boolean' }, 'true', 'false'],
  composite: [
    { region: 'text', number: 'bigint', day: 'date' },
    `'e"u', 9, '2024-01-01'`,
    `'e"u', 10, '2024-01-01'`,
    `'[1', 10, '2023-12-31'`,
  ],
};

describe('a key', () => {
  it.each(Object.entries(keys))('of type %s finds its row again', async (name, [types, ...rows]) => {
    const table = `by_${name}`;
    const key = Object.keys(types);
    await database.client.query(
      `CREATE TABLE ${table} (${key.map((part) => `${part} ${types[part]}`).join(', ')},
         n bigint GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (${key.join(', ')}))`,
    );
    for (const row of rows) {
      await database.client.query(`INSERT INTO ${table} (${key.join(', ')}) VALUES (${row})`);
    }
    const target = await runOver(
      { table, key: key.length === 1 ? (key[0] ?? '') : key },
      ['n'],
      'Row {{ n }}',
    );
    const { rows: joined } = await database.client.query(
      `SELECT s.n FROM ${table} s JOIN ${target} t USING (${key.join(', ')}) WHERE s.n = t.n`,
    );
    expect(joined).toHaveLength(rows.length);
    expect((await database.client.query(`SELECT FROM ${target}`)).rowCount).toBe(rows.length);
    const made = await typesOf(target);
    const source = await typesOf(table);
    for (const part of key) expect(made.get(part)).toBe(source.get(part));
  });
});
