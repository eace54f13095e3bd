import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IncrementalConfig } from '../../src/core/read-window.ts';
import type { OpenedSource } from '../../src/core/source.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { runDuckdb } from '../support/duckdb.ts';
import { openDuckdb } from './duckdb-support.ts';
import { open as openPostgres, readAll } from './postgres-support.ts';
import { SourceFolder } from './source-folder.ts';

type Open = (table: string, incremental: IncrementalConfig, query?: string) => Promise<OpenedSource>;

let database: TestDatabase;
let folder: SourceFolder;

/** Ten rows a minute apart; `late` has one that has no cursor, `endless` one with no end, `empty` none. */
const tables = `
  CREATE TABLE notes AS SELECT n AS id, 100 * n AS version, n / 10.0::double precision AS score,
      CAST('2026-01-02T12:00:00' AS timestamp) + n * INTERVAL '1 minute' AS changed,
      CAST('2026-01-02T12:00:00Z' AS timestamp with time zone) + n * INTERVAL '1 minute' AS "at",
      CAST('2026-01-01' AS date) + CASE WHEN n > 5 THEN 1 ELSE 0 END AS day, 'x' AS word
    FROM generate_series(1, 10) AS s (n);
  CREATE TABLE late AS SELECT id, CASE WHEN id <> 7 THEN changed END AS changed FROM notes;
  CREATE TABLE endless AS SELECT id, CASE WHEN id <> 7 THEN changed ELSE 'infinity' END AS changed FROM notes;
  CREATE TABLE empty AS SELECT * FROM notes WHERE id > 10`;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(tables);
  folder = await SourceFolder.create();
  await runDuckdb(tables, join(folder.path, 'notes.duckdb'));
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const signal = new AbortController().signal;

const sources: readonly (readonly [string, Open])[] = [
  [
    'postgres',
    (table, incremental, query) =>
      openPostgres({ url: database.url, ...(query === undefined ? { table } : { query }), incremental }, [
        'id',
      ]),
  ],
  [
    'duckdb',
    (table, { cursor, lag }, query) => {
      const written = lag === undefined ? {} : { lag: 'ms' in lag ? `${lag.ms}ms` : lag.amount };
      const from = query === undefined ? { table } : { query };
      return openDuckdb(folder, { path: 'notes.duckdb', ...from, incremental: { cursor, ...written } });
    },
  ],
];

/** The ids of the rows in the window that begins at `low`. */
async function ids(source: OpenedSource, low: string | null): Promise<readonly number[]> {
  const window = await source.incremental?.fixWindow(low, signal);
  const rows = await readAll(source, { window, fields: [] });
  return rows.map(({ key }) => Number(key[0])).sort((a, b) => a - b);
}

const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe.each(sources)('the window of %s', (_, open) => {
  it.each([
    ['version', undefined, '700', [8, 9, 10]],
    ['version', { amount: 150 }, '700', [6, 7, 8, 9, 10]],
    ['score', undefined, '0.7', [8, 9, 10]],
    ['changed', { ms: 0 }, '2026-01-02 12:07:00', [8, 9, 10]],
    ['changed', { ms: 90_000 }, '2026-01-02 12:07:00', [6, 7, 8, 9, 10]],
    ['changed', undefined, '2026-01-02 12:07:00', all],
    ['at', { ms: 90_000 }, '2026-01-02 12:07:00+00', [6, 7, 8, 9, 10]],
    ['day', { ms: 1 }, '2026-01-02', [6, 7, 8, 9, 10]],
    ['day', { ms: 0 }, '2026-01-02', []],
  ])('begins at %s, less %o, after %s', async (cursor, lag, low, expected) => {
    await using source = await open('notes', { cursor, lag });
    expect(await ids(source, null)).toEqual(all);
    expect(await ids(source, low)).toEqual(expected);
  });

  it.each([
    ['version', { amount: 0 }],
    ['score', { amount: 0 }],
    ['changed', { ms: 0 }],
    ['at', { ms: 0 }],
    ['day', { ms: 0 }],
  ])('ends at the largest %s, which the next one begins at', async (cursor, lag) => {
    await using source = await open('notes', { cursor, lag });
    const window = await source.incremental?.fixWindow(null, signal);
    expect(window?.high).toEqual(expect.any(String));
    expect(await ids(source, window?.high ?? null)).toEqual([]);
  });

  it('has the rows of a query', async () => {
    const query = 'SELECT id, changed FROM notes WHERE id > 5 -- the newer half';
    await using source = await open('', { cursor: 'changed', lag: { ms: 0 } }, query);
    expect(await ids(source, '2026-01-02 12:08:00')).toEqual([9, 10]);
  });

  it('has no row where there is none', async () => {
    await using source = await open('empty', { cursor: 'changed', lag: undefined });
    expect(await source.incremental?.fixWindow(null, signal)).toEqual({ low: null, high: null });
    expect(await ids(source, null)).toEqual([]);
  });

  it.each([
    ['late', 'is null in the row id = 7'],
    ['endless', 'is infinity in the row id = 7'],
  ])('is refused for the rows of %s', async (table, message) => {
    await using source = await open(table, { cursor: 'changed', lag: undefined });
    await expect(source.incremental?.fixWindow(null, signal)).rejects.toThrow(message);
  });

  it.each([
    [{ cursor: 'word', lag: undefined }, 'the cursor "word" is'],
    [{ cursor: 'versio', lag: undefined }, 'has no column "versio"'],
    [{ cursor: 'changed', lag: { amount: 5 } }, 'must be a duration'],
    [{ cursor: 'version', lag: { ms: 5 } }, 'must be a number'],
  ])('is refused with %o', async (incremental, message) => {
    await expect(open('notes', incremental)).rejects.toThrow(message);
  });
});
