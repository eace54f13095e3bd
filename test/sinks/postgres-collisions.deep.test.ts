import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

let database: TestDatabase;
let url: string;
let baseDir: string;

beforeAll(async () => {
  database = await createDatabase();
  ({ url } = database);
  baseDir = await mkdtemp(join(tmpdir(), 'batchline-collisions-'));
  await mkdir(join(baseDir, 'runs', 'run-1'), { recursive: true });
  await sql(`CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
    CREATE COLLATION ext.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await rm(baseDir, { recursive: true });
});

const sql = (text: string) => database.client.query(text);
const open = (table: string, mode: 'upsert' | 'update' = 'upsert') =>
  openPostgres({ url, table, mode }, sinkContext([column('id')], [column('note')], { baseDir }));
const one = (key: string, note: string) => resultBatch(1, [[key, note]]);

async function noteOf(table: string): Promise<unknown> {
  return (await database.client.query(`SELECT note FROM ${table}`)).rows;
}

test.each([
  ['bigint', '7', '007'],
  ['numeric(10,2)', '1.5', '1.50'],
  ['numeric(10,2)', '1.51', '1.505'],
  ['uuid', '4b1ce3b2-96a4-4f3c-8d3e-2a6f1f0c9a11', '4B1CE3B2-96A4-4F3C-8D3E-2A6F1F0C9A11'],
  ['timestamptz', '2024-01-02T03:04:05Z', '2024-01-02 04:04:05+01'],
  ['char(8)', 'a', 'a '],
  ['varchar(2)', 'ab', 'ab  '],
  ['inet', '10.0.0.1', '10.0.0.1/32'],
  ['boolean', 'true', 'yes'],
  ['text', 'a\0', 'a\uFFFD'],
  ['ext.citext', 'Bob', 'BOB'],
  ['text COLLATE ext.blind', 'Bob', 'bOB'],
])('the first row of a key of %s stays, in whatever batch the second comes', async (type, ...pair) => {
  for (const [first = '', second = ''] of [pair, pair.toReversed()])
    for (const mode of ['upsert', 'update'] as const) {
      await sql(`DROP TABLE IF EXISTS first; CREATE TABLE first (id ${type} PRIMARY KEY, note text)`);
      const [inserted] = pair;
      if (mode === 'update') await sql(`INSERT INTO first VALUES ('${inserted.replace('\0', '\uFFFD')}')`);
      const run = randomUUID();
      await mkdir(join(baseDir, 'runs', run));
      await using sink = await open('first', mode);
      expect((await sink.load(one(first, 'stays'), mark('1', run))).failures).toEqual([]);
      const refused = [{ row: 0, code: 'sink_key_collision' }];
      const { failures } = await sink.load(one(second, 'later'), mark('2', run));
      expect(failures).toMatchObject(refused);
      for (const key of pair) expect(failures[0]?.message).toContain(JSON.stringify(key));
      expect((await sink.load(one(first, 'again'), mark('3', run))).failures).toEqual([]);
      // A later process knows it too; another run does not.
      await using later = await open('first', mode);
      expect((await later.load(one(second, 'later'), mark('4', run))).failures).toMatchObject(refused);
      expect(await noteOf('first')).toEqual([{ note: 'again' }]);
      expect((await later.load(one(second, 'other'), mark('1', 'run-2'))).failures).toEqual([]);
    }
});

test('of two that are loaded at once one stays', async () => {
  await sql('CREATE TABLE two (id bigint PRIMARY KEY, note text)');
  await using sink = await open('two');
  for (let round = 0; round < 5; round += 1) {
    const keys = [`${round + 1}`, `0${round + 1}`];
    const outcomes = await Promise.all(keys.map((key) => sink.load(one(key, key), mark(key))));
    expect(outcomes.flatMap(({ failures }) => failures)).toHaveLength(1);
  }
});

test('in one batch both are named', async () => {
  await sql('CREATE TABLE together (id bigint PRIMARY KEY, note text)');
  await using sink = await open('together');
  const rows = [
    ['7', 'a'],
    ['8', 'b'],
    ['007', 'c'],
  ];
  const { failures } = await sink.load(resultBatch(1, rows), mark());
  expect(failures).toMatchObject([{ row: 2, message: expect.stringMatching(/"007".*"7"/) }]);
});

test('in one batch, also where the column rounds', async () => {
  await sql('CREATE TABLE rounded (id numeric(10,2) PRIMARY KEY, note text)');
  await using sink = await open('rounded');
  const rows = [
    ['1.51', 'stays'],
    ['1.505', 'later'],
  ];
  const { failures } = await sink.load(resultBatch(1, rows), mark());
  expect(failures).toMatchObject([{ row: 1, code: 'sink_key_collision' }]);
  expect(await noteOf('rounded')).toEqual([{ note: 'stays' }]);
});

test('a row that failed holds no key', async () => {
  await sql("CREATE TABLE checked (id bigint PRIMARY KEY, note text CHECK (note <> 'bad'))");
  await using sink = await open('checked');
  expect((await sink.load(one('7', 'bad'), mark())).failures).toHaveLength(1);
  expect((await sink.load(one('007', 'good'), mark('2'))).failures).toEqual([]);
});
