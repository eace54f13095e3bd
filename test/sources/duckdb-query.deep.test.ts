import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { OpenedSource } from '../../src/core/source.ts';
import { runDuckdb } from '../support/duckdb.ts';
import { openDuckdb, type DuckdbInput } from './duckdb-support.ts';
import { readRows, SourceFolder } from './source-folder.ts';

const home = process.cwd();
afterEach(() => process.chdir(home));

async function bodies(source: OpenedSource): Promise<readonly unknown[]> {
  return (await readRows(source, ['body'])).map(({ values }) => values[0]);
}

/** A folder with files of one row each, whose body says which file it is. */
async function folderOf(names: readonly string[]): Promise<SourceFolder> {
  const folder = await SourceFolder.create();
  await mkdir(join(folder.path, 'sub'));
  for (const [at, name] of names.entries()) {
    const copy = `COPY (SELECT ${at} AS id, '${folder.path}/${name}' AS body) TO '${folder.path}/${name}'`;
    await runDuckdb(copy);
  }
  return folder;
}

describe('paths', () => {
  const names = ['a.parquet', 'sub/b.parquet', 'c.csv', 'd.json'];

  test.each([
    ['a file', `SELECT * FROM 'a.parquet'`, [0]],
    ['a file named as an identifier', `FROM "a.parquet" AS ü`, [0]],
    ['behind text of many bytes', `SELECT *, 'ü🦆' AS x FROM 'a.parquet' WHERE 'ü' <> 'a.parquet'`, [0]],
    ['a glob', `SELECT * FROM '*/*.parquet'`, [1]],
    ['a list', `SELECT * FROM read_parquet(['a.parquet', 'sub/b.parquet']) ORDER BY id`, [0, 1]],
    ['functions, joined', `SELECT a.* FROM 'a.parquet' a JOIN read_csv('c.csv') c ON c.id = a.id + 2`, [0]],
    ['inside a WITH', `WITH d AS (SELECT * FROM read_json('d.json')) SELECT id::INT AS id, body FROM d`, [3]],
    ['in a subquery', `SELECT * FROM 'c.csv' WHERE id IN (SELECT id + 2 FROM 'a.parquet')`, [2]],
  ])('%s starts from the folder of the pipeline file', async (_, query, expected) => {
    await using folder = await folderOf(names);
    // Files of the same names where the process runs are not the ones that are meant.
    await using other = await folderOf(names);
    process.chdir(other.path);
    await using source = await openDuckdb(folder, { query });
    expect(await bodies(source)).toEqual(expected.map((at) => `${folder.path}/${names[at]}`));
  });

  test('the fingerprint tells of each file that is read, and of the columns', async () => {
    await using folder = await folderOf(names);
    const fingerprint = async (): Promise<Readonly<Record<string, string>>> => {
      await using source = await openDuckdb(folder, { query: `SELECT * FROM '**/*.parquet'` });
      return source.fingerprint;
    };
    const before = await fingerprint();
    expect(before).toEqual({
      'a.parquet': expect.stringMatching(/^\d+ \d/) as string,
      'sub/b.parquet': expect.stringMatching(/^\d+ \d/) as string,
      columns: 'id INTEGER, body VARCHAR',
    });
    expect(await fingerprint()).toEqual(before);
    await utimes(join(folder.path, 'a.parquet'), 1, 1);
    const touched = await fingerprint();
    expect(touched['a.parquet']).not.toBe(before['a.parquet']);
    await runDuckdb(`COPY (SELECT 9 AS id, 'x' AS body) TO '${folder.path}/e.parquet'`);
    expect(Object.keys(await fingerprint())).toContain('e.parquet');
  });
});

describe('a query', () => {
  test('takes a condition and a limit, may end in a comment, and keeps its order', async () => {
    await using folder = await SourceFolder.create();
    const query = 'SELECT range AS id, range % 7 AS body FROM range(100) ORDER BY id DESC; -- all of them';
    await using source = await openDuckdb(
      folder,
      { query: query.replace('; --', ' --') },
      { where: 'id > 2 -- few' },
    );
    const read = source.read({ fields: ['id', '_row'], limit: 3, signal: new AbortController().signal });
    const rows: unknown[] = [];
    for await (const batch of read)
      for (let row = 0; row < batch.length; row += 1) rows.push([batch.value(row, 0), batch.value(row, 1)]);
    expect(rows).toEqual([
      [99n, 1n],
      [98n, 2n],
      [97n, 3n],
    ]);
  });

  test('its records are numbered, in the order of the files', async () => {
    await using folder = await SourceFolder.create();
    await runDuckdb(
      `COPY (SELECT range AS n FROM range(300000)) TO '${folder.path}/a.parquet' (ROW_GROUP_SIZE 5000)`,
    );
    await using source = await openDuckdb(folder, { query: `SELECT * FROM 'a.parquet'` }, { key: ['_row'] });
    expect(source).toMatchObject({ keyIsUnique: true, resumable: false });
    expect(folder.warnings).toEqual([expect.stringContaining('_row')]);
    let wrong = 0;
    for await (const batch of source.read({ fields: ['n'], signal: new AbortController().signal }))
      for (let row = 0; row < batch.length; row += 1)
        if (batch.keyPart(row, 0) !== String((batch.value(row, 0) as bigint) + 1n)) wrong += 1;
    expect(wrong).toBe(0);
  });
});

test('a table knows its unique keys and takes conditions and columns', async () => {
  await using folder = await SourceFolder.create();
  const path = join(folder.path, 'a.duckdb');
  await runDuckdb(
    `CREATE SCHEMA s; CREATE TABLE s."Notes" ("Id" INTEGER PRIMARY KEY, b INTEGER NOT NULL UNIQUE, c INTEGER UNIQUE, body VARCHAR);
     INSERT INTO s."Notes" SELECT n, n, n, 'body ' || n FROM range(10) t (n)`,
    path,
  );
  const input: DuckdbInput = {
    path: 'a.duckdb',
    table: 's.notes',
    columns: ['body'],
    where: 'b > 5 -- half',
  };
  const isUnique = async (key: readonly string[]): Promise<boolean> => {
    await using source = await openDuckdb(folder, input, { key });
    return source.keyIsUnique;
  };
  expect([await isUnique(['Id']), await isUnique(['c', 'b']), await isUnique(['c'])]).toEqual([
    true,
    true,
    false,
  ]);
  await using source = await openDuckdb(folder, input, { key: ['Id'], where: 'b < 8' });
  expect(source.fields.map(({ name }) => name)).toEqual(['body', 'Id']);
  expect(await bodies(source)).toEqual(['body 6', 'body 7']);
});

describe('faults are one line with a hint', () => {
  test.each([
    [{ query: 'SELEC 1' }, 'bad_query', 'syntax error'],
    [{ query: 'SELECT foo FROM (SELECT 1 AS bar)' }, 'bad_query', 'foo'],
    [{ query: 'SELECT 1 AS id, 2 AS ID' }, 'duplicate_column', 'ID'],
    [{ query: 'SELECT 1 AS id; SELECT 2' }, 'bad_query', ''],
    [{ query: 'CREATE TABLE t (id INT)' }, 'bad_query', 'one SELECT'],
    [{ query: 'SELECT 1 AS other' }, 'unknown_column', '"id"'],
    [{ query: `SELECT * FROM 'https://host.invalid/a.parquet'` }, 'duckdb_extension_missing', 'httpfs'],
    [{ query: `SELECT * FROM 'none.parquet'` }, 'unreadable_file', 'none.parquet'],
    [{ query: 'SELECT * FROM none' }, 'unknown_table', 'none'],
    [{ path: 'none.duckdb', table: 't' }, 'unreadable_file', 'none.duckdb'],
    [{ path: 'text.csv', table: 't' }, 'not_a_duckdb_file', 'not a DuckDB database'],
    [{ path: '.', table: 't' }, 'not_a_duckdb_file', ''],
    [{ path: 'a.duckdb', table: 'note' }, 'unknown_table', 'note'],
    [{ path: 'a.duckdb', table: 'notes', where: 'nothing = 1' }, 'bad_query', 'nothing'],
  ] as const)('%o', async (input, code, part) => {
    await using folder = await SourceFolder.create({ 'text.csv': 'id,body\n1,x\n'.repeat(1000) });
    await runDuckdb('CREATE TABLE notes (id INTEGER)', join(folder.path, 'a.duckdb'));
    const error = (await openDuckdb(folder, input).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({
      code,
      message: expect.stringContaining(part) as string,
      hint: expect.any(String) as string,
    });
    expect(error.message).not.toMatch(/\n|LINE 1/);
  });

  // DuckDB computes ahead: an early row fails at once, a late one after others were handed over.
  test.each([5000, 1_500_000])('row %i, which cannot be converted, while it is read', async (row) => {
    await using folder = await SourceFolder.create();
    await using source = await openDuckdb(folder, {
      query: `SELECT range AS id, CAST(CASE WHEN range = ${row} THEN 'x' ELSE '1' END AS INTEGER) AS body FROM range(2000000)`,
    });
    let read = 0;
    const reading = async (): Promise<void> => {
      const { signal } = new AbortController();
      for await (const batch of source.read({ fields: ['body'], signal })) read += batch.length;
    };
    await expect(reading()).rejects.toMatchObject({
      code: 'bad_data',
      message: expect.stringContaining(`Could not convert string 'x' to INT32`) as string,
    });
    expect(read > 0).toBe(row > 1_000_000);
  });

  test('a database that another process writes to', async () => {
    await using folder = await SourceFolder.create();
    const path = join(folder.path, 'a.duckdb');
    const script = `const { DuckDBInstance } = await import('@duckdb/node-api');
      const connection = await (await DuckDBInstance.create(${JSON.stringify(path)})).connect();
      await connection.run('CREATE TABLE notes (id INTEGER)');
      console.log('open'); setInterval(() => connection, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      await expect(openDuckdb(folder, { path: 'a.duckdb', table: 'notes' })).rejects.toMatchObject({
        code: 'duckdb_locked',
        retryable: true,
      });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    await using source = await openDuckdb(folder, { path: 'a.duckdb', table: 'notes' });
    expect(await readRows(source, ['id'])).toEqual([]);
  });
});
