import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { open, readAll, sourceSessions } from './postgres-support.ts';

let database: TestDatabase;
let url: string;

beforeAll(async () => {
  database = await createDatabase();
  ({ url } = database);
  await database.client.query(
    `CREATE TABLE numbers AS SELECT i AS id, 'row ' || i AS body FROM generate_series(1, 9) i;
     CREATE TABLE wide AS SELECT i AS id, repeat(md5(i::text), 1000) AS body FROM generate_series(1, 600) i;
     ALTER TABLE wide ADD PRIMARY KEY (id)`,
  );
});
afterAll(() => database[Symbol.asyncDispose]());

const failing = async (config: Parameters<typeof open>[0], key = ['id'], where?: string): Promise<unknown> =>
  open(config, key, where === undefined ? {} : { where }).catch((error: unknown) => error);

const signalOf = (abort: AbortController) => ({ fields: ['body'], signal: abort.signal });

describe('faults of the configuration are told when the source is opened', () => {
  test.each([
    [{ table: 'public.nmubers' }, { code: 'unknown_table', hint: 'Did you mean public.numbers?' }],
    [{ table: 'nmubers' }, { code: 'unknown_table', hint: 'Did you mean numbers?' }],
    [{ table: 'publik.numbers' }, { code: 'unknown_table', hint: 'Did you mean public.numbers?' }],
    [{ table: 'public.zzzzzzzzzz' }, { code: 'unknown_table' }],
    [
      { table: 'numbers', columns: ['bdoy'] },
      { code: 'unknown_column', hint: 'Did you mean "body"?', where: 'source.columns' },
    ],
    [{ table: 'numbers', where: 'bodi is null' }, { code: 'unknown_column' }],
    [{ table: 'numbers', where: 'id = = 1' }, { code: 'sql_error' }],
    [{ query: 'SELEC 1' }, { code: 'sql_error' }],
    [{ table: 'numbers', query: 'SELECT 1 AS id' }, { code: 'bad_source' }],
    [{}, { code: 'bad_source' }],
    [{ query: 'SELECT 1 AS id', where: 'true' }, { code: 'bad_source' }],
  ])('%j', async (config, expected) => {
    expect(await failing({ url, ...config })).toMatchObject({ name: 'BatchlineError', ...expected });
  });

  test('a key that is no column, or missing', async () => {
    expect(await failing({ url, table: 'numbers' }, ['Id'])).toMatchObject({
      code: 'unknown_column',
      hint: 'Did you mean "id"?',
      where: 'source.key',
    });
    expect(await failing({ url, table: 'numbers' }, [])).toMatchObject({ code: 'missing_key' });
  });

  test('a table that may not be read', async () => {
    await database.client.query('CREATE ROLE reader LOGIN');
    try {
      const asReader = url.replace('postgres@', 'reader@');
      expect(await failing({ url: asReader, table: 'numbers' })).toMatchObject({ code: 'permission_denied' });
    } finally {
      await database.client.query('DROP ROLE reader');
    }
  });
});

describe('a read that ends early', () => {
  test('closes its connection, and can be begun anew', async () => {
    await using source = await open({ url, table: 'wide' }, ['id'], {
      paging: { firstRows: 1000, mostRows: 1000 },
    });
    for await (const batch of source.read(signalOf(new AbortController()))) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    await noSessions();
    expect(await readAll(source)).toHaveLength(600);
  });

  test('by its signal rejects with the reason', async () => {
    await using source = await open({ url, table: 'wide' }, ['id'], {
      paging: { firstRows: 1000, mostRows: 1000 },
    });
    const abort = new AbortController();
    const reason = new Error('stopped by the user');
    const reading = (async () => {
      for await (const _ of source.read(signalOf(abort))) abort.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
    await noSessions();
  });

  test('because the connection was lost is told as retryable', async () => {
    await using source = await open({ url, table: 'wide' }, ['id'], {
      paging: { firstRows: 1000, mostRows: 1000 },
    });
    const reading = (async () => {
      for await (const _ of source.read(signalOf(new AbortController()))) {
        await database.client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'batchline source' AND datname = current_database()`,
        );
      }
    })();
    await expect(reading).rejects.toMatchObject({
      name: 'BatchlineError',
      code: 'connection_lost',
      retryable: true,
    });
  });
});

async function noSessions(): Promise<void> {
  await expect.poll(() => sourceSessions(database.client)).toEqual([]);
}
