import type { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { BatchlineError } from '../../src/core/errors.ts';
import type { LoadOutcome } from '../../src/core/sink.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext, type TestRow } from './support.ts';

let database: TestDatabase;
let client: Client;
beforeAll(async () => {
  database = await createDatabase();
  ({ client } = database);
});
beforeEach(() => client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public'));
afterAll(() => database[Symbol.asyncDispose]());

interface Setup {
  readonly sql?: string;
  readonly key?: readonly ReturnType<typeof column>[];
  readonly url?: string;
}

function open({ key = [column('id', 'bigint')], url = database.url }: Setup = {}) {
  const context = sinkContext(key, [column('tag')]);
  return openPostgres({ url, table: 't', mode: 'update' }, context);
}

/** Rehearses and updates a table that `sql` makes. */
async function update(setup: Setup, rows: readonly TestRow[]): Promise<LoadOutcome> {
  if (setup.sql !== undefined) await client.query(setup.sql);
  await using sink = await open(setup);
  await sink.rehearse();
  await sink.prepare();
  return await sink.load(resultBatch(setup.key?.length ?? 1, rows), mark());
}

async function table(columns = '*'): Promise<readonly unknown[]> {
  const { rows } = await client.query<unknown[]>({
    text: `SELECT ${columns} FROM t ORDER BY 1`,
    rowMode: 'array',
  });
  return rows;
}

const tickets = `CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL, tag text,
    twice text GENERATED ALWAYS AS (tag || tag) STORED);
  INSERT INTO t (body) SELECT 'body ' || n FROM generate_series(1, 4) n`;

test('fills its columns and no others, by a key that the table numbers itself', async () => {
  const rows = [
    ['2', 'b'],
    ['1', 'a\0'],
    ['4', null],
  ];
  expect(await update({ sql: tickets }, rows)).toEqual({ failures: [], cleaned: 1 });
  expect(await table()).toEqual([
    [1, 'body 1', 'a\uFFFD', 'a\uFFFDa\uFFFD'],
    [2, 'body 2', 'b', 'bb'],
    [3, 'body 3', null, null],
    [4, 'body 4', null, null],
  ]);
});

test('rows that are not there fail, and so do keys that only the type finds equal or cannot read', async () => {
  const rows = [
    ['99', 'x'],
    ['1', 'first'],
    ['01', 'second'],
    ['2', 'b'],
  ];
  const outcome = await update({ sql: tickets }, rows);
  expect(outcome.failures.map(({ row, code }) => [row, code])).toEqual([
    [0, 'row_not_in_target'],
    [2, 'sink_key_collision'],
  ]);
  expect(outcome.failures[0]?.message).toBe('the table has no row with this key, and mode: update adds none');
  expect(await table('id, tag')).toEqual([
    [1, 'first'],
    [2, 'b'],
    [3, null],
    [4, null],
  ]);
  const other = await update({}, [
    ['3', 'c'],
    ['three', 'd'],
  ]);
  expect(other.failures.map(({ row, code }) => [row, code])).toEqual([[1, 'invalid_value']]);
});

test('rows that the table refuses are found among many; every step keeps its other rows', async () => {
  const count = 1300;
  const sql = `CREATE TABLE t (id int PRIMARY KEY, tag text CHECK (tag <> 'no')); INSERT INTO t SELECT generate_series(1, ${count})`;
  const bad = new Set([7, 8, 600, 1300]);
  const missing = [1301, 1302];
  const ids = Array.from({ length: count + missing.length }, (_, index) => index + 1);
  const outcome = await update(
    { sql },
    ids.map((id) => [String(id), bad.has(id) ? 'no' : `tag ${id}`]),
  );
  expect(outcome.failures.map(({ row, code }) => [row + 1, code])).toEqual([
    ...[...bad].map((id) => [id, 'check_violation']),
    ...missing.map((id) => [id, 'row_not_in_target']),
  ]);
  expect(await table('id, tag')).toEqual(
    ids.slice(0, count).map((id) => [id, bad.has(id) ? null : `tag ${id}`]),
  );
});

test('a trigger refuses some rows, a deferred constraint others', async () => {
  const sql = `CREATE TABLE tags (tag text PRIMARY KEY); INSERT INTO tags VALUES ('known');
    CREATE TABLE t (id int PRIMARY KEY, tag text REFERENCES tags DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO t VALUES (1), (2), (3);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id = 2 THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION refuse()`;
  const rows = [
    ['1', 'known'],
    ['2', 'known'],
    ['3', 'unknown'],
  ];
  const { failures } = await update({ sql }, rows);
  expect(failures.map(({ row, code }) => [row, code])).toEqual([
    [1, 'raised_by_trigger'],
    [2, 'foreign_key_violation'],
  ]);
  expect(await table()).toEqual([
    [1, 'known'],
    [2, null],
    [3, null],
  ]);
});

test('a partitioned table and a key of two columns', async () => {
  const sql = `CREATE TABLE t (id bigint, part text, tag text, PRIMARY KEY (part, id)) PARTITION BY LIST (part);
    CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a'); CREATE TABLE t_b PARTITION OF t FOR VALUES IN ('b');
    INSERT INTO t VALUES (1, 'a'), (1, 'b'), (2, 'b')`;
  const key = [column('id', 'bigint'), column('part')];
  const rows = [
    ['1', 'b', 'x'],
    ['2', 'a', 'y'],
    ['2', 'b', 'z'],
  ];
  const { failures } = await update({ sql, key }, rows);
  expect(failures.map(({ row, code }) => [row, code])).toEqual([[1, 'row_not_in_target']]);
  expect(await table('part || id, tag')).toEqual([
    ['a1', null],
    ['b1', 'x'],
    ['b2', 'z'],
  ]);
});

test('the hash is kept where the table has a column for it', async () => {
  await client.query(`${tickets}; ALTER TABLE t ADD request_hash text`);
  await using sink = await open();
  expect(sink.keepsHash).toBe(true);
  await sink.load(resultBatch(1, [['1', 'a']]), mark());
  expect(await sink.findUnchanged([['1'], ['2']], ['hash-0', 'hash-0'])).toEqual([true, false]);
});

test('vectors go in binary, and a row set apart says so', async () => {
  await client.query(
    'CREATE TABLE t (id int PRIMARY KEY, v real[] CHECK (v[1] > 0)); INSERT INTO t VALUES (1), (2)',
  );
  const context = sinkContext([column('id', 'bigint')], [column('v', 'real[]', true)]);
  await using sink = await openPostgres({ url: database.url, table: 't', mode: 'update' }, context);
  await sink.rehearse();
  const rows: TestRow[] = [
    ['1', Float32Array.of(0.5, 2)],
    ['2', Float32Array.of(-1)],
    ['3', Float32Array.of(1)],
  ];
  const { failures } = await sink.load(resultBatch(1, rows), mark());
  expect(failures.map(({ row, code }) => [row, code])).toEqual([
    [1, 'check_violation'],
    [2, 'row_not_in_target'],
  ]);
  expect(await table('id, v')).toEqual([
    [1, [0.5, 2]],
    [2, null],
  ]);
});

test('a row that another transaction is changing is waited for, and its change is kept', async () => {
  await client.query(tickets);
  await using sink = await open();
  await client.query(`BEGIN; UPDATE t SET body = 'edited' WHERE id IN (1, 2); DELETE FROM t WHERE id = 3`);
  const load = sink.load(
    resultBatch(
      1,
      ['1', '2', '3', '4'].map((id) => [id, `tag ${id}`]),
    ),
    mark(),
  );
  await untilWaiting();
  await client.query('COMMIT');
  expect((await load).failures.map(({ row, code }) => [row, code])).toEqual([[2, 'row_not_in_target']]);
  expect(await table('id, body, tag')).toEqual([
    [1, 'edited', 'tag 1'],
    [2, 'edited', 'tag 2'],
    [4, 'body 4', 'tag 4'],
  ]);
});

async function untilWaiting(): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await expect.poll(async () => (await client.query(waiting)).rowCount).toBe(1);
}

test('a deadlock with another transaction is worth another try', async () => {
  await client.query(tickets);
  await using sink = await open();
  // Row 2 is held, and as soon as the update holds row 1 and waits for row 2, row 1 is asked for.
  await client.query(`SET deadlock_timeout = '1h'; BEGIN; UPDATE t SET body = 'x' WHERE id = 2`);
  const load = sink
    .load(
      resultBatch(1, [
        ['1', 'a'],
        ['2', 'b'],
      ]),
      mark(),
    )
    .then(
      () => null,
      (error: unknown) => error as BatchlineError,
    );
  await untilWaiting();
  await client.query(`UPDATE t SET body = 'x' WHERE id = 1; COMMIT; RESET deadlock_timeout`);
  expect(await load).toMatchObject({ code: 'deadlock', retryable: true });
  expect((await sink.load(resultBatch(1, [['1', 'a']]), mark())).failures).toEqual([]);
});

async function faultOf(setup: Setup): Promise<Pick<BatchlineError, 'code' | 'message' | 'hint'>> {
  const error = await update(setup, []).then(
    () => expect.unreachable('the rehearsal found nothing'),
    (reason: unknown) => reason as BatchlineError,
  );
  return { code: error.code, message: error.message, hint: error.hint };
}

test.each([
  [
    'no unique index',
    'CREATE TABLE t (id bigint, tag text)',
    'unique_index_missing',
    'public.t has no unique index on exactly (id), without which mode: update could write one answer into many rows',
  ],
  ['no table', '', 'table_missing', 'public.t does not exist'],
  [
    'a generated column',
    `CREATE TABLE t (id bigint PRIMARY KEY, tag text GENERATED ALWAYS AS ('x') STORED)`,
    'column_generated',
    'public.t generates column "tag" itself',
  ],
  [
    'an identity column',
    'CREATE TABLE t (id bigint PRIMARY KEY, tag bigint GENERATED ALWAYS AS IDENTITY)',
    'column_identity_always',
    'public.t always numbers column "tag" itself (GENERATED ALWAYS AS IDENTITY)',
  ],
  [
    'a view',
    'CREATE TABLE a (id bigint PRIMARY KEY, tag text); CREATE VIEW t AS SELECT * FROM a',
    'not_updatable',
    'public.t is a view, which has no unique index to update by',
  ],
])('the rehearsal finds %s', async (_, sql, code, message) => {
  expect(await faultOf({ sql })).toMatchObject({ code, message: message.replace('public.t does', 't does') });
});

test('the rehearsal asks for UPDATE on exactly the columns, and leaves no trace', async () => {
  await client.query(`${tickets}; DROP ROLE IF EXISTS updater; CREATE ROLE updater LOGIN PASSWORD 'updater';
    GRANT USAGE ON SCHEMA public TO updater; GRANT SELECT (id, tag), UPDATE (body) ON t TO updater;
    CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
    CREATE TRIGGER no BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION no()`);
  const url = new URL(database.url);
  url.username = 'updater';
  url.password = 'updater';
  try {
    expect(await faultOf({ url: url.href })).toEqual({
      code: 'privilege_missing',
      message: 'user updater lacks UPDATE ("tag") on "public"."t"',
      hint: 'GRANT UPDATE ("tag") ON TABLE "public"."t" TO "updater"',
    });
    await client.query('GRANT UPDATE (tag) ON t TO updater');
    await using sink = await open({ url: url.href });
    await sink.rehearse();
    await client.query('DROP TRIGGER no ON t');
    expect((await sink.load(resultBatch(1, [['1', 'a']]), mark())).failures).toEqual([]);
    await client.query(
      'ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t FOR SELECT USING (true)',
    );
    expect((await faultOf({ url: url.href })).message).toBe(
      'public.t has row security, and no policy lets this user UPDATE',
    );
    await client.query('CREATE POLICY q ON t FOR UPDATE USING (id = 1)');
    const { failures } = await update({ url: url.href }, [
      ['1', 'b'],
      ['2', 'c'],
    ]);
    expect(failures.map(({ row, code }) => [row, code])).toEqual([[1, 'row_not_in_target']]);
  } finally {
    await client.query('DROP OWNED BY updater; DROP ROLE updater');
  }
});
