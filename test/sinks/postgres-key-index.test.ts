import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { BatchlineError } from '../../src/core/errors.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, openPostgres, sinkContext } from './support.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterEach(() => database.client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public'));
afterAll(() => database[Symbol.asyncDispose]());

async function missingIndex(
  sql: string,
  mode: 'upsert' | 'update' = 'upsert',
  url = database.url,
): Promise<{ readonly message: string; readonly hint: string }> {
  await database.client.query(sql);
  const context = sinkContext([column('id', 'bigint')], [column('tag')]);
  await using sink = await openPostgres({ url, table: 't', mode }, context);
  const error = (await sink.rehearse().catch((thrown: unknown) => thrown)) as BatchlineError;
  expect(error).toMatchObject({ code: 'unique_index_missing' });
  return error as Awaited<ReturnType<typeof missingIndex>>;
}

test.each([
  ['', 'has no unique index on exactly (id), which mode: upsert needs'],
  [
    'CREATE UNIQUE INDEX i ON t (id) WHERE tag IS NULL',
    'on exactly (id) ("i" is on a part of the rows), which',
  ],
  ['ALTER TABLE t ADD CONSTRAINT i UNIQUE (id) DEFERRABLE', 'on exactly (id) ("i" is deferrable), which'],
  ['CREATE UNIQUE INDEX i ON t (tag)', 'on exactly (id), which'],
])(
  'the index that is proposed can be made, and why another does not do is said: %s',
  async (sql, message) => {
    const fault = await missingIndex(`CREATE TABLE t (id bigint, tag text); ${sql}`);
    expect(fault.message).toContain(message);
    expect(fault.hint).toBe('CREATE UNIQUE INDEX ON "public"."t" ("id")');
    await database.client.query(fault.hint);
  },
);

const byDay = "CREATE TABLE t (id bigint, tag text, day date DEFAULT '2026-01-01') PARTITION BY";

test.each([
  [`${byDay} RANGE (day); CREATE TABLE t1 PARTITION OF t DEFAULT`, 'day'],
  [
    `${byDay} HASH (id); CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 1, REMAINDER 0) PARTITION BY LIST (day)`,
    'day, id',
  ],
])('a partitioned table whose key lacks what it is partitioned by: %s', async (sql, by) => {
  const { message, hint } = await missingIndex(sql);
  expect(message).toContain(
    `can have none: it is partitioned by ${by}, and each unique index of such a table has to hold that too`,
  );
  expect(hint).toMatch(
    /^Add day to source\.key and sink\.key.* Or fill another table, or use mode: insert\.$/,
  );
  await database.client.query(/CREATE UNIQUE INDEX [^.]*\.[^.]*/.exec(hint)?.[0] ?? '');
  expect((await missingIndex('', 'update')).hint).toMatch(/Or fill another table\.$/);
});

test.each([
  [
    `${byDay} RANGE ((id % 10))`,
    /partitioned by an expression, RANGE \(\(\(id %.*, and no unique index can hold that$/,
  ],
  [
    `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER away FOREIGN DATA WRAPPER w;
     ${byDay} LIST (id); CREATE FOREIGN TABLE f PARTITION OF t DEFAULT SERVER away`,
    /its partition "f" is a foreign table$/,
  ],
  ['CREATE TABLE t (id point, tag text)', /a column of these has a type without an order$/],
])('a table that can have no such index is told of without one: %s', async (sql, message) => {
  const fault = await missingIndex(sql);
  expect(fault.message).toMatch(message);
  expect(fault.hint).toMatch(/fill another table, or use mode: insert\.$/i);
  expect(fault.hint).not.toContain('CREATE');
});

test('who does not own the table is told who does', async () => {
  const role = `role_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'secret'];
  const { rows } = await database.client.query<{ me: string }>('SELECT current_user::text AS me');
  const fault = await missingIndex(
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT ALL ON SCHEMA public TO ${role}; CREATE TABLE t (id bigint, tag text); GRANT ALL ON t TO ${role}`,
    'upsert',
    url.href,
  );
  expect(fault.hint).toBe(`Its owner, ${rows[0]?.me}, may do it: CREATE UNIQUE INDEX ON "public"."t" ("id")`);
  await database.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});
