import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoadOutcome } from '../../src/core/sink.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext, type TestRow } from './support.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

interface Setup {
  readonly sql: string;
  readonly mode?: 'upsert' | 'insert';
  readonly table?: string;
}

/** Loads rows of (id, value) into a table `t` and tells what was refused and what stands there. */
async function load(setup: Setup, rows: readonly TestRow[]) {
  await database.client.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${setup.sql}`);
  const context = sinkContext([column('id')], [column('value')]);
  const { mode = 'upsert', table = 't' } = setup;
  await using sink = await openPostgres({ url: database.url, table, mode }, context);
  await sink.rehearse();
  await sink.prepare();
  const outcome = await sink.load(resultBatch(1, rows), mark());
  const found = await database.client.query<(string | null)[]>({
    text: `SELECT id::text, value::text FROM ${table} ORDER BY ${table}.id`,
    rowMode: 'array',
  });
  return { outcome, loaded: found.rows };
}

function codes({ failures }: LoadOutcome): unknown[] {
  return failures.map(({ row, code }) => [row, code]);
}

test('rows that a CHECK refuses are found among 5,000, and the others are loaded', async () => {
  const rows = Array.from({ length: 5000 }, (_, row) => [String(row), String(row)]);
  const bad = [0, 1, 777, 2500, 4998, 4999];
  const sql = `CREATE TABLE t (id int PRIMARY KEY, value int CHECK (value NOT IN (${bad.join(', ')})))`;
  const { outcome, loaded } = await load({ sql }, rows);
  expect(codes(outcome)).toEqual(bad.map((row) => [row, 'check_violation']));
  expect(outcome.failures[0]?.message).toBe(
    'new row for relation "t" violates check constraint "t_value_check"',
  );
  expect(loaded).toEqual(rows.filter((_, row) => !bad.includes(row)));
});

test('where every row is refused, each says so', async () => {
  const sql = 'CREATE TABLE t (id int PRIMARY KEY, value int CHECK (value < 0))';
  const { outcome, loaded } = await load({ sql }, [
    ['1', 1n],
    ['2', 2n],
    ['3', 3n],
  ]);
  expect(codes(outcome)).toEqual([0, 1, 2].map((row) => [row, 'check_violation']));
  expect(loaded).toEqual([]);
});

test('a trigger that raises, with a code of its own too', async () => {
  const sql = `CREATE TABLE t (id int PRIMARY KEY, value text);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.value = 'bad' THEN RAISE EXCEPTION 'not this one'; END IF;
      IF NEW.value = 'worse' THEN RAISE EXCEPTION 'nor this' USING ERRCODE = 'BL001'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION refuse()`;
  const { outcome, loaded } = await load({ sql }, [
    ['1', 'good'],
    ['2', 'bad'],
    ['3', 'worse'],
    ['4', 'good'],
  ]);
  expect(outcome.failures).toEqual([
    { row: 1, code: 'raised_by_trigger', message: 'not this one' },
    { row: 2, code: 'refused_by_database', message: 'nor this' },
  ]);
  expect(loaded).toEqual([
    ['1', 'good'],
    ['4', 'good'],
  ]);
});

test.each(['', 'DEFERRABLE INITIALLY DEFERRED'])('a foreign key %s', async (deferred) => {
  const sql = `CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);
    CREATE TABLE t (id int PRIMARY KEY, value int REFERENCES parent ${deferred})`;
  const { outcome, loaded } = await load({ sql }, [
    ['1', 1n],
    ['2', 2n],
    ['3', null],
  ]);
  expect(outcome.failures).toEqual([
    {
      row: 1,
      code: 'foreign_key_violation',
      message: expect.stringContaining('Key (value)=(2) is not present in table "parent".') as string,
    },
  ]);
  expect(loaded).toEqual([
    ['1', '1'],
    ['3', null],
  ]);
});

test('a null where the column is NOT NULL, unless a trigger fills it', async () => {
  const sql = 'CREATE TABLE t (id int PRIMARY KEY, value text NOT NULL)';
  expect(
    codes(
      (
        await load({ sql }, [
          ['1', null],
          ['2', 'a'],
        ])
      ).outcome,
    ),
  ).toEqual([[0, 'not_null_violation']]);
  const trigger = `CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id <> 3 THEN NEW.value := coalesce(NEW.value, 'filled'); END IF; RETURN NEW; END $$;
    CREATE TRIGGER fill BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fill()`;
  const { outcome, loaded } = await load({ sql: `${sql}; ${trigger}` }, [
    ['1', null],
    ['2', 'a'],
    ['3', null],
  ]);
  expect(codes(outcome)).toEqual([[2, 'not_null_violation']]);
  expect(loaded).toEqual([
    ['1', 'filled'],
    ['2', 'a'],
  ]);
});

test('what only the server can judge: domains, ranges, sizes', async () => {
  const sql = `CREATE DOMAIN odd AS int4range CHECK (NOT isempty(value)); CREATE TABLE t (id text PRIMARY KEY, value odd)`;
  const rows = [
    ['a', '[1,2]'],
    ['b', 'empty'],
    ['c', 'nonsense'],
    ['d', null],
    ['e'.repeat(3), '[3,4]'],
  ];
  const { outcome, loaded } = await load({ sql }, rows);
  expect(codes(outcome)).toEqual([
    [1, 'check_violation'],
    [2, 'invalid_value'],
  ]);
  expect(loaded).toEqual([
    ['a', '[1,3)'],
    ['d', null],
    ['eee', '[3,5)'],
  ]);
  const long = Array.from({ length: 3000 }, (_, index) => index.toString(36)).join('-');
  const large = await load({ sql: 'CREATE TABLE t (id text PRIMARY KEY, value text)' }, [
    [long, 'a'],
    ['b', 'b'],
  ]);
  expect(codes(large.outcome)).toEqual([[0, 'row_too_large']]);
  expect(large.loaded).toEqual([['b', 'b']]);
});

test('a text too long for its column is refused and never cut off, domains over it included', async () => {
  for (const type of ['varchar(3)', 'char(3)', 'short']) {
    const sql = `CREATE DOMAIN short AS varchar(3) CHECK (value <> 'no'); CREATE TABLE t (id int PRIMARY KEY, value ${type})`;
    // The second row makes the batch go through the staging of text with a cast.
    const { outcome, loaded } = await load({ sql: `${sql}; ALTER TABLE t ADD CHECK (value <> 'bad')` }, [
      ['1', 'abcd'],
      ['2', 'bad'],
      ['3', 'abc'],
    ]);
    expect(codes(outcome)).toEqual([
      [0, 'value_out_of_range'],
      [1, 'check_violation'],
    ]);
    expect(loaded).toEqual([['3', 'abc']]);
  }
});

test('keys that are one to the target: the first wins', async () => {
  const sql = 'CREATE TABLE t (id int PRIMARY KEY, value text)';
  const rows = [
    ['1', 'first'],
    ['2', 'a'],
    ['01', 'second'],
    ['1', 'third'],
    ['+1', 'fourth'],
    ['x', 'b'],
  ];
  const { outcome, loaded } = await load({ sql }, rows);
  expect(codes(outcome)).toEqual([
    [2, 'sink_key_collision'],
    [3, 'sink_key_collision'],
    [4, 'sink_key_collision'],
    [5, 'invalid_value'],
  ]);
  expect(loaded).toEqual([
    ['1', 'first'],
    ['2', 'a'],
  ]);
});

test('collisions are found beside keys that cannot be read and rows that are refused', async () => {
  const sql = `CREATE TABLE t (id inet PRIMARY KEY, value text CHECK (value <> 'bad'))`;
  const rows = [
    ['10.0.0.1', 'bad'],
    ['10.0.0.2', 'first'],
    ['nonsense', 'a'],
    ['10.0.0.2/32', 'second'],
    ['10.0.0.3', 'c'],
  ];
  const { outcome, loaded } = await load({ sql }, rows);
  expect(codes(outcome)).toEqual([
    [0, 'check_violation'],
    [2, 'invalid_value'],
    [3, 'sink_key_collision'],
  ]);
  expect(loaded).toEqual([
    ['10.0.0.2/32', 'first'],
    ['10.0.0.3/32', 'c'],
  ]);
});

test('an insert meets a unique index', async () => {
  const sql = `CREATE TABLE t (id int PRIMARY KEY, value text UNIQUE); INSERT INTO t VALUES (1, 'old')`;
  const { outcome, loaded } = await load({ sql, mode: 'insert' }, [
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'b'],
    ['4', 'c'],
  ]);
  expect(codes(outcome)).toEqual([
    [0, 'unique_violation'],
    [2, 'unique_violation'],
  ]);
  expect(loaded).toEqual([
    ['1', 'old'],
    ['2', 'b'],
    ['4', 'c'],
  ]);
});

test('an enum and a partitioned table', async () => {
  const sql = `CREATE TYPE mood AS ENUM ('happy', 'sad');
    CREATE TABLE t (id int PRIMARY KEY, value mood) PARTITION BY RANGE (id);
    CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)`;
  const { outcome, loaded } = await load({ sql }, [
    ['1', 'happy'],
    ['2', 'angry'],
    ['30', 'sad'],
  ]);
  expect(outcome.failures).toEqual([
    { row: 1, code: 'invalid_value', message: 'column "value" (mood) cannot hold the text "angry"' },
    { row: 2, code: 'check_violation', message: 'no partition of relation "t" found for row' },
  ]);
  expect(loaded).toEqual([['1', 'happy']]);
});
