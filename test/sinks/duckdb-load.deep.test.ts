import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ColumnPlan, OpenedSink, SinkContext } from '../../src/core/sink.ts';
import { duckdb } from '../../src/sinks/duckdb.ts';
import { duckdb as duckdbSource } from '../../src/sources/duckdb.ts';
import { queryDuckdb, runDuckdb, textsOf } from '../support/duckdb.ts';
import { column, mark, resultBatch, sinkContext, type TestContext, type TestRow } from './support.ts';

let baseDir: string;
let path: string;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), 'batchline-duckdb-'));
  path = join(baseDir, 'out.duckdb');
});
afterEach(() => rm(baseDir, { recursive: true }));

type Config = Readonly<Record<string, unknown>>;

function contextOf(key: readonly ColumnPlan[], columns: readonly ColumnPlan[]): TestContext {
  return sinkContext(key, columns, { baseDir });
}

function open(context: SinkContext, config: Config = {}): Promise<OpenedSink> {
  return duckdb.open(duckdb.config.parse({ path, table: 't', ...config }), context);
}

/** Loads rows of (id, value) into a table `t` and tells what was refused and what stands there. */
async function load(sql: string, rows: readonly TestRow[], config: Config = {}) {
  await runDuckdb(sql, path);
  await using sink = await open(contextOf([column('id')], [column('value')]), config);
  await sink.rehearse();
  await sink.prepare();
  const { failures } = await sink.load(resultBatch(1, rows), mark());
  await sink.finish(rows.length);
  const loaded = await textsOf('SELECT id::VARCHAR, value::VARCHAR FROM t ORDER BY t.id', path);
  return { refused: failures.map(({ row, code }) => [row, code]), failures, loaded };
}

describe('a created table', () => {
  test('has a type for each of the pipeline, and holds its values to the digit and bit', async () => {
    const vector = Float32Array.from({ length: 300 }, (_, at) => Math.sin(at) * 1e-3);
    const cases: readonly (readonly [type: string, value: unknown, created: string, text: string])[] = [
      ['text', 'ü "x"', 'VARCHAR', 'ü "x"'],
      ['bigint', 9_007_199_254_740_993n, 'BIGINT', '9007199254740993'],
      ['numeric', JSON.rawJSON('0.12345678901234567890123'), 'VARCHAR', '0.12345678901234567890123'],
      [
        'numeric(38,2)',
        '123456789012345678901234567890123456.78',
        'DECIMAL(38,2)',
        '123456789012345678901234567890123456.78',
      ],
      ['numeric(39,0)', 2n ** 127n - 1n, 'HUGEINT', String(2n ** 127n - 1n)],
      ['double precision', 0.1, 'DOUBLE', '0.1'],
      ['real', Number.NaN, 'FLOAT', 'nan'],
      ['boolean', true, 'BOOLEAN', 'true'],
      [
        'jsonb',
        { n: 12_345_678_901_234_567_890n, a: [null, 'x'] },
        'JSON',
        '{"n":12345678901234567890,"a":[null,"x"]}',
      ],
      [
        'timestamp with time zone',
        '2024-01-02T03:04:05.123456Z',
        'TIMESTAMP WITH TIME ZONE',
        '2024-01-02 03:04:05.123456+00',
      ],
      ['timestamptz', '2024-01-02T03:04:05+05:30', 'TIMESTAMP WITH TIME ZONE', '2024-01-01 21:34:05+00'],
      ['timestamp without time zone', '2024-01-02T03:04:05Z', 'TIMESTAMP', '2024-01-02 03:04:05'],
      ['date', '2024-02-29', 'DATE', '2024-02-29'],
      ['uuid', '0f8fad5b-d9cb-469f-a165-70867728950e', 'UUID', '0f8fad5b-d9cb-469f-a165-70867728950e'],
      ['bytea', 'AP8=', 'BLOB', String.raw`\x00\xFF`],
      ['character varying(20)', 'x', 'VARCHAR', 'x'],
      ['real[]', vector, 'FLOAT[]', ''],
      ['vector(300)', vector, 'FLOAT[300]', ''],
      ['bigint[]', [1n, null, 9_007_199_254_740_993n], 'BIGINT[]', '[1, NULL, 9007199254740993]'],
      [
        'STRUCT(a INTEGER, b VARCHAR[])',
        { a: 1n, b: ['x, y'] },
        'STRUCT(a INTEGER, b VARCHAR[])',
        `{'a': 1, 'b': ['x, y']}`,
      ],
      ['HUGEINT', -5, 'HUGEINT', '-5'],
      ['mood', 'glad', 'VARCHAR', 'glad'],
    ];
    const columns = cases.map(([type], at) => column(`c${at}`, type));
    const context = contextOf([column('id', 'bigint')], columns);
    await using sink = await open(context, { create: true });
    await sink.rehearse();
    await sink.prepare();
    expect(
      await sink.load(
        resultBatch(1, [
          ['1', ...cases.map(([, value]) => value as never)],
          ['2', ...cases.map(() => null)],
        ]),
        mark(),
      ),
    ).toEqual({
      failures: [],
      cleaned: 0,
    });
    await sink.finish(2);
    expect(new Set(context.warnings)).toEqual(
      new Set(['DuckDB has no type mood: column "c21" is created as VARCHAR']),
    );
    const described = await textsOf('DESCRIBE t', path);
    expect(described.map(([name, type]) => [name, type])).toEqual([
      ['id', 'BIGINT'],
      ...cases.map(([, , created], at) => [`c${at}`, created]),
      ['request_hash', 'VARCHAR'],
    ]);
    const [row, nulls] = await textsOf("SELECT COLUMNS(c -> c LIKE 'c%')::VARCHAR FROM t ORDER BY id", path);
    const texts = cases.map(([type, , , text], at) => [type, text === '' ? '' : row?.[at]]);
    expect(texts).toEqual(cases.map(([type, , , text]) => [type, text]));
    expect(new Set(nulls)).toEqual(new Set([null]));
    for (const name of ['c16', 'c17']) {
      const [[list] = []] = await queryDuckdb(`SELECT ${name} FROM t WHERE id = 1`, path);
      expect((list as unknown as { items: readonly number[] }).items).toEqual([...vector]);
    }
  });

  test('is replaced by key in upsert mode, also a column of lists', async () => {
    const context = contextOf([column('id', 'bigint')], [column('vector', 'real[]', true)]);
    await using sink = await open(context, { create: true });
    await sink.prepare();
    for (const [chunk, value] of [1, 2, 3].entries())
      await sink.load(
        resultBatch(1, [
          ['1', Float32Array.of(value)],
          [`${chunk + 2}`, null],
        ]),
        mark(String(chunk)),
      );
    await sink.finish(6);
    expect(await textsOf('SELECT id, vector FROM t ORDER BY id', path)).toEqual([
      ['1', '[3]'],
      ['2', null],
      ['3', null],
      ['4', null],
    ]);
  });
});

describe('rows that the table cannot take fail alone', () => {
  test('by what DuckDB would round, cut or refuse', async () => {
    const sql = `CREATE TABLE t (id VARCHAR PRIMARY KEY, value TINYINT)`;
    const { refused, loaded } = await load(sql, [
      ['a', 1.5],
      ['b', '2.0'],
      ['c', 128n],
      ['d', 'x'],
      ['e', true],
      ['f', -128],
      ['g', null],
    ]);
    expect(refused).toEqual([
      [0, 'invalid_value'],
      [2, 'value_out_of_range'],
      [3, 'invalid_value'],
      [4, 'invalid_value'],
    ]);
    expect(loaded).toEqual([
      ['b', '2'],
      ['f', '-128'],
      ['g', null],
    ]);
  });

  test.each([
    ['DATE', '2024-02-30', '2024-02-29'],
    ['TIMESTAMPTZ', 'soon', '2024-01-01 00:00:00+00'],
    ['INTEGER[]', ['x'], [1n]],
    ['FLOAT[2]', [1], [1, 2]],
    ['JSON', null, {}],
    [`ENUM('a', 'b')`, 'c', 'a'],
    ['UUID', 'x', '0f8fad5b-d9cb-469f-a165-70867728950e'],
    ['BLOB', '!', 'AP8='],
    ['DECIMAL(4,2)', 100n, '99.99'],
    ['BOOLEAN', 'maybe', false],
    ['STRUCT(a INTEGER)', { a: 'x' }, { a: 1n }],
  ] as const)('%s', async (type, bad, good) => {
    const sql = `CREATE TABLE t (id INTEGER PRIMARY KEY, value ${type} NOT NULL)`;
    const { refused, loaded, failures } = await load(sql, [
      ['1', bad],
      ['2', good],
    ]);
    expect(refused.map(([row]) => row)).toEqual([0]);
    expect(failures[0]?.message).toContain('value');
    expect(loaded.map(([id]) => id)).toEqual(['2']);
  });

  test('by a CHECK among 5,000, by a second unique column, by key', async () => {
    const rows = Array.from({ length: 5000 }, (_, row) => [String(row), String(row)]);
    const bad = [0, 1, 777, 2500, 4998, 4999];
    const check = `CREATE TABLE t (id INTEGER PRIMARY KEY, value INTEGER CHECK (value NOT IN (${bad.join(', ')})))`;
    const { refused, loaded } = await load(check, rows);
    expect(refused).toEqual(bad.map((row) => [row, 'check_violation']));
    expect(loaded).toEqual(rows.filter((_, row) => !bad.includes(row)));
    await rm(path);
    const unique = 'CREATE TABLE t (id DECIMAL(5,1) PRIMARY KEY, value VARCHAR UNIQUE)';
    const second = await load(unique, [
      ['1', 'a'],
      ['2', 'a'],
      ['1.0', 'b'],
      ['3', 'c'],
    ]);
    expect(second.refused).toEqual([
      [1, 'unique_violation'],
      [2, 'sink_key_collision'],
    ]);
    expect(second.loaded).toEqual([
      ['1.0', 'a'],
      ['3.0', 'c'],
    ]);
  });
});

test('insert mode repeats neither rows nor forgets what failed, and keeps its marks beside them', async () => {
  const sql = 'CREATE TABLE t (id INTEGER, value INTEGER CHECK (value < 9))';
  const rows = resultBatch(1, [
    ['1', 1n],
    ['2', 9n],
    ['3', 'x'],
  ]);
  await runDuckdb(sql, path);
  const context = contextOf([column('id')], [column('value')]);
  const outcomes: unknown[] = [];
  for (let process = 0; process < 2; process += 1) {
    await using sink = await open(context, { mode: 'insert' });
    await sink.rehearse();
    await sink.prepare();
    outcomes.push(await sink.load({ ...rows, leftOut: [leftOut('no-value')] }, mark()));
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
  {
    // An edit of the columns may leave a row without a value that was loaded before.
    await using sink = await open(context, { mode: 'insert' });
    const edited = { ...rows, leftOut: [leftOut('no-value'), leftOut('loaded-before')] };
    expect(await sink.load(edited, mark())).toMatchObject({ standing: ['loaded-before'] });
  }
  expect(outcomes[0]).toMatchObject({
    failures: [
      { row: 1, code: 'check_violation' },
      { row: 2, code: 'invalid_value' },
    ],
  });
  expect(await textsOf('SELECT id, value FROM t', path)).toEqual([['1', '1']]);
  expect(await textsOf('SELECT run_id, chunk FROM batchline_loads', path)).toEqual([['run-1', '1']]);
  await runDuckdb('CREATE TABLE other (id INTEGER, value INTEGER)', path);
  for (const table of ['other', 'main.OTHER']) {
    await using sink = await open(context, { mode: 'insert', table });
    await sink.prepare();
    await sink.load(rows, mark());
  }
  expect(await textsOf('SELECT id, value FROM other', path)).toEqual([
    ['1', '1'],
    ['2', '9'],
  ]);
});

function leftOut(customId: string) {
  return { customId, code: 'expression_failed', message: 'no such key' };
}

describe('the rehearsal finds', () => {
  const cases: readonly (readonly [string, Config, string, string])[] = [
    ['', {}, 'table_missing', 'create: true'],
    ['CREATE TABLE t (id INTEGER PRIMARY KEY, valeu INTEGER)', {}, 'column_missing', 'Did you mean "valeu"'],
    ['CREATE TABLE t (id INTEGER, value INTEGER)', {}, 'unique_index_missing', 'CREATE UNIQUE INDEX'],
    [
      'CREATE TABLE t (id INTEGER PRIMARY KEY, value INTEGER, x INTEGER NOT NULL)',
      {},
      'column_not_filled',
      'default',
    ],
    ['CREATE VIEW t AS SELECT 1 AS id, 2 AS value', {}, 'not_a_table', 'sink.table'],
    ['', { path: 'none.duckdb' }, 'database_missing', 'create: true'],
    ['', { path: 'text.txt' }, 'not_a_duckdb_file', 'path'],
    ['', { path: '.' }, 'path_is_folder', 'sink.path'],
  ];

  test.each(cases)('%s %o', async (sql, config, code, hint) => {
    await runDuckdb(sql === '' ? 'SELECT 1' : sql, path);
    await writeFile(join(baseDir, 'text.txt'), 'no database'.repeat(1000));
    const rehearse = async (): Promise<void> => {
      await using sink = await open(contextOf([column('id')], [column('value')]), config);
      await sink.rehearse();
    };
    await expect(rehearse()).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) as string });
  });

  test('nothing to complain of, and changes nothing', async () => {
    const context = contextOf([column('id')], [column('value')]);
    for (const config of [{ create: true }, { path: join(baseDir, 'new/out.parquet'), table: undefined }]) {
      await using sink = await open(context, config);
      await sink.rehearse();
    }
    expect(await readdir(baseDir)).toEqual([]);
    await runDuckdb('CREATE TABLE other (id INTEGER)', path);
    await using sink = await open(context, { create: true, mode: 'insert' });
    await sink.rehearse();
    await sink[Symbol.asyncDispose]();
    expect(await textsOf('SELECT table_name FROM duckdb_tables()', path)).toEqual([['other']]);
  });
});

test('a table is filled while a query reads from the same file', async () => {
  await runDuckdb('CREATE TABLE notes AS SELECT range AS id FROM range(20000)', path);
  const context = contextOf([column('id', 'bigint')], [column('value')]);
  const config = duckdbSource.config.parse({ path, table: 'notes' });
  await using source = await duckdbSource.open(config, { ...context, key: ['id'] });
  await using sink = await open(context, { create: true });
  await sink.rehearse();
  await sink.prepare();
  await using same = await open(contextOf([column('id')], []), { table: 'main.NOTES' });
  expect([source.tableId, sink.tableId]).toEqual([same.tableId, undefined]);
  let read = 0;
  for await (const batch of source.read({ fields: ['id'], signal: context.signal })) {
    const rows = Array.from({ length: batch.length }, (_, row) => [batch.keyPart(row, 0), `${read}`]);
    await sink.load(resultBatch(1, rows), mark(String(read)));
    await sink.load(resultBatch(1, rows), mark(String(read)));
    // Time enough for the sink to let go of the file.
    if (read === 0) await new Promise((resolve) => setTimeout(resolve, 700));
    read += batch.length;
  }
  await sink[Symbol.asyncDispose]();
  expect(await textsOf('SELECT count(*), count(DISTINCT id) FROM t', path)).toEqual([
    [String(read), '20000'],
  ]);
});

function file(): string {
  return join(baseDir, 'out.parquet');
}

function jsonContext(): TestContext {
  return contextOf([column('id', 'bigint')], [column('value', 'jsonb')]);
}

describe('a Parquet file', () => {
  const parquet = { path: 'out.parquet', table: undefined };
  const rows = resultBatch(1, [
    ['1', { a: 1n }],
    ['2', null],
  ]);
  const more = resultBatch(1, [['3', 'x']]);

  test('is there when the run has finished, alone, with the types of the columns', async () => {
    await using sink = await open(jsonContext(), parquet);
    await sink.prepare();
    await sink.load(rows, mark('1'));
    await sink.load(more, mark('2'));
    await expect(access(file())).rejects.toMatchObject({ code: 'ENOENT' });
    expect([
      await sink.holds(3, 'run-1'),
      await sink.holds(2, 'run-1'),
      await sink.holds(3, 'run-2'),
    ]).toEqual([true, false, false]);
    await sink.finish(3);
    expect([await sink.holds(3, 'run-1'), await sink.holds(3, 'run-2')]).toEqual([true, false]);
    expect(await readdir(baseDir)).toEqual(['out.parquet']);
    expect(await textsOf(`SELECT id, value FROM '${file()}'`)).toEqual([
      ['1', '{"a":1}'],
      ['2', null],
      ['3', '"x"'],
    ]);
    expect((await textsOf(`DESCRIBE SELECT * FROM '${file()}'`)).map(([, type]) => type)).toEqual([
      'BIGINT',
      'JSON',
    ]);
  });

  test('is never made of another run, nor of other columns', async () => {
    {
      await using sink = await open(jsonContext(), parquet);
      await sink.prepare();
      await sink.load(rows, mark('1', 'run-1'));
    }
    await using sink = await open(jsonContext(), parquet);
    await sink.prepare();
    await sink.load(more, mark('2', 'run-2'));
    expect(await sink.holds(3, 'run-2')).toBe(false);
    await expect(sink.finish(3)).rejects.toMatchObject({ code: 'partial_file_lost' });
    await sink[Symbol.asyncDispose]();
    await using edited = await open(contextOf([column('id', 'bigint')], [column('other')]), parquet);
    await edited.load(rows, mark('1', 'run-2'));
    expect(await edited.holds(3, 'run-2')).toBe(false);
    await edited.restart();
    await edited.load(rows, mark('1', 'run-2'));
    await edited.finish(2);
    expect(await textsOf(`SELECT id, other FROM '${file()}'`)).toEqual([
      ['1', '{"a":1}'],
      ['2', null],
    ]);
  });
});

test('a record whose stale pieces the table refuses to delete fails alone, by its first piece', async () => {
  await runDuckdb(
    `CREATE TABLE t (id BIGINT, chunk_index INTEGER, value VARCHAR, PRIMARY KEY (id, chunk_index));
     INSERT INTO t SELECT id, piece, 'old' FROM range(1, 4) a(id), range(3) b(piece);
     CREATE TABLE cites (id BIGINT, piece INTEGER, FOREIGN KEY (id, piece) REFERENCES t (id, chunk_index));
     INSERT INTO cites VALUES (2, 2)`,
    path,
  );
  const key = [column('id', 'bigint'), column('chunk_index', 'integer')];
  const context = { ...contextOf(key, [column('value')]), isSplit: true };
  await using sink = await open(context);
  await sink.rehearse();
  await sink.prepare();
  const rows = resultBatch(
    2,
    [1, 2, 3, 4].map((id) => [String(id), '0', 'new']),
  );
  const { failures } = await sink.load({ ...rows, pieceCounts: [1, 1, 1, 1] }, mark());
  expect(failures.map(({ row, code }) => [row, code])).toEqual([[1, 'foreign_key_violation']]);
  const stale = await sink.deletePieces?.({ keys: [['2'], ['3'], ['no number']], counts: [1, 0, 0] });
  expect(stale?.map(({ row, code }) => [row, code])).toEqual([[0, 'foreign_key_violation']]);
  await sink.finish(3);
  expect(await textsOf('SELECT id, chunk_index, value FROM t ORDER BY t.id, t.chunk_index', path)).toEqual([
    ['1', '0', 'new'],
    ['2', '0', 'old'],
    ['2', '1', 'old'],
    ['2', '2', 'old'],
    ['4', '0', 'new'],
  ]);
});
