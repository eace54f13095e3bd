import { afterAll, beforeAll, expect, test } from 'vitest';
import { BatchlineError } from '../../src/core/errors.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query('CREATE TABLE t (id bigint PRIMARY KEY, tag text)');
});
afterAll(() => database[Symbol.asyncDispose]());

const key = [column('id', 'bigint')];
const columns = [column('tag')];
const rows = resultBatch(
  1,
  Array.from({ length: 20_000 }, (_, row) => [String(row), `tag ${row}`]),
);

function open(signal?: AbortSignal) {
  const context = sinkContext(key, columns, signal === undefined ? {} : { signal });
  return openPostgres({ url: database.url, table: 't' }, context);
}

async function count(): Promise<number> {
  const { rows: found } = await database.client.query<{ n: number }>('SELECT count(*)::int AS n FROM t');
  return found[0]?.n ?? -1;
}

/** Holds the table, so that a load stands still in its INSERT, until `work` is through. */
async function whileLocked(work: () => Promise<unknown>): Promise<void> {
  await database.client.query('BEGIN; LOCK TABLE t IN SHARE MODE');
  try {
    await work();
  } finally {
    await database.client.query('ROLLBACK');
  }
}

async function blockedBackend(): Promise<number> {
  for (;;) {
    const { rows: found } = await database.client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'batchline sink' AND wait_event_type = 'Lock'
       AND datname = current_database()`,
    );
    if (found[0] !== undefined) return found[0].pid;
  }
}

test('a connection killed within a load is an error to try again after, and nothing is half loaded', async () => {
  await using sink = await open();
  await whileLocked(async () => {
    const load = sink.load(rows, mark()).catch((error: unknown) => error);
    await database.client.query('SELECT pg_terminate_backend($1)', [await blockedBackend()]);
    const error = (await load) as BatchlineError;
    expect(error).toBeInstanceOf(BatchlineError);
    expect(error).toMatchObject({ code: 'connection_lost', retryable: true });
  });
  expect(await count()).toBe(0);
  expect((await sink.load(rows, mark())).failures).toEqual([]);
  expect(await count()).toBe(20_000);
});

test('connections killed while they are idle are replaced after one error at most', async () => {
  await using sink = await open();
  await Promise.all([sink.load(rows, mark()), sink.load(rows, mark())]);
  await database.client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'batchline sink' AND datname = current_database()`,
  );
  for (let attempt = 0; ; attempt += 1) {
    const result = await sink.load(rows, mark()).catch((error: unknown) => error as BatchlineError);
    if (!(result instanceof BatchlineError)) break;
    expect(result.retryable).toBe(true);
    expect(attempt).toBeLessThan(2);
  }
});

test('an abort ends a load at once, and rolls it back', async () => {
  const abort = new AbortController();
  await using sink = await open(abort.signal);
  await database.client.query('TRUNCATE t');
  await whileLocked(async () => {
    const load = sink.load(rows, mark()).catch((error: unknown) => error);
    await blockedBackend();
    abort.abort(new Error('enough'));
    expect(await load).toBe(abort.signal.reason);
  });
  await expect(sink.load(rows, mark())).rejects.toThrow('enough');
  expect(await count()).toBe(0);
});

test('a lock that is not had in time is an error to try again after', async () => {
  const url = withParameter('options', '-c lock_timeout=50ms');
  await using sink = await openPostgres({ url, table: 't' }, sinkContext(key, columns));
  await whileLocked(async () => {
    await expect(sink.load(rows, mark())).rejects.toMatchObject({ code: 'lock_timeout', retryable: true });
  });
  expect((await sink.load(rows, mark())).failures).toEqual([]);
});

test('a table that is dropped under the sink is no fault of the rows', async () => {
  await database.client.query('CREATE TABLE gone (id bigint PRIMARY KEY, tag text)');
  await using sink = await openPostgres({ url: database.url, table: 'gone' }, sinkContext(key, columns));
  await database.client.query('DROP TABLE gone');
  await expect(sink.load(rows, mark())).rejects.toMatchObject({ code: 'unknown_table', retryable: false });
});

test('no more than two connections are used, and more loads wait their turn', async () => {
  const url = withParameter('application_name', 'counted');
  await using sink = await openPostgres({ url, table: 't' }, sinkContext(key, columns));
  const loads = Promise.all(Array.from({ length: 5 }, () => sink.load(rows, mark())));
  let most = 0;
  while ((await Promise.race([loads, Promise.resolve()])) === undefined) {
    const { rows: found } = await database.client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'counted'`,
    );
    most = Math.max(most, found[0]?.n ?? 0);
  }
  expect((await loads).every(({ failures }) => failures.length === 0)).toBe(true);
  expect(most).toBe(2);
});

function withParameter(name: string, value: string): string {
  return `${database.url}${database.url.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
}

test('nothing of the URL but host, port and database is told', async () => {
  const url = new URL(database.url);
  url.password = 'hidden-password';
  url.pathname = '/nowhere';
  const open = openPostgres({ url: url.href, table: 't' }, sinkContext(key, columns));
  const error = await open.then(
    () => expect.unreachable('there is no such database'),
    (error: unknown) => error as BatchlineError,
  );
  expect(error).toMatchObject({ code: 'unknown_database', where: `${url.hostname}:${url.port}/nowhere` });
  expect(JSON.stringify(error) + error.message).not.toContain('hidden-password');
});
