import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { duckdb } from '../../src/sinks/duckdb.ts';
import { textsOf } from '../support/duckdb.ts';
import { column, mark, resultBatch, sinkContext, type TestRow } from './support.ts';

let baseDir: string;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), 'batchline-duckdb-'));
});
afterEach(() => rm(baseDir, { recursive: true }));

const count = 3000;
const dimensions = 100;

/** Floats that only their own bits equal; some rows are null or, where the type allows it, of another length. */
function vectorOf(row: number, isFixed: boolean): Float32Array | null {
  if (row % 7 === 0) return null;
  const length = isFixed || row % 5 > 0 ? dimensions : row % 400;
  return Float32Array.from({ length }, (_, at) => Math.sin(row * 1000 + at) * 1e-3);
}

/** What DuckDB's own SQL makes of the vectors: each row's length and a digest of its numbers. */
function digests(from: string): string {
  return `SELECT id, len(v), md5(list_transform(v, lambda x: x::VARCHAR)::VARCHAR) FROM ${from} ORDER BY id`;
}

async function load(config: object, type: string, total = count): Promise<void> {
  const context = sinkContext([column('id', 'bigint')], [column('v', type, true)], { baseDir });
  await using sink = await duckdb.open(duckdb.config.parse(config), context);
  await sink.rehearse();
  await sink.prepare();
  for (let from = 0; from < total; from += 1000) {
    const rows = Array.from({ length: 1000 }, (_, at): TestRow => {
      const id = from + at;
      return [String(id), vectorOf(id, type !== 'real[]')];
    });
    const outcome = await sink.load(resultBatch(1, rows), mark(String(from)));
    expect(outcome.failures).toEqual([]);
  }
  await sink.finish(total);
}

/** The same vectors by way of JSON, which prints a double exactly. */
async function expectedOf(isFixed: boolean): Promise<readonly (readonly (string | null)[])[]> {
  const rows = Array.from({ length: count }, (_, id) => {
    const vector = vectorOf(id, isFixed);
    return { id, v: vector === null ? null : Array.from(vector) };
  });
  const path = join(baseDir, 'expected.json');
  await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  return textsOf(digests(`read_json('${path}', columns = {id: 'BIGINT', v: 'FLOAT[]'})`));
}

test.each(['real[]', `vector(${dimensions})`])('%s: every vector arrives, to the bit', async (type) => {
  const isFixed = type !== 'real[]';
  const expected = await expectedOf(isFixed);
  await load({ path: 'out.duckdb', table: 't', create: true }, type);
  const database = join(baseDir, 'out.duckdb');
  expect(await textsOf(digests('(SELECT id, v::FLOAT[] AS v FROM t)'), database)).toEqual(expected);
  await load({ path: 'out.parquet' }, type);
  const file = join(baseDir, 'out.parquet');
  expect(await textsOf(digests(`(SELECT id, v::FLOAT[] AS v FROM '${file}')`))).toEqual(expected);
});

test('vectors are kept in small parts, which fit into memory while they are written', async () => {
  await load({ path: 'out.duckdb', table: 't', create: true }, 'real[]');
  const parts = await textsOf(
    `SELECT max(count) FROM pragma_storage_info('t') WHERE column_name = 'id'`,
    join(baseDir, 'out.duckdb'),
  );
  expect(parts).toEqual([['2048']]);
});

test.each(['memory', 'temp', 'system', 'main', 'a b.c', 'sta"ging'])(
  'a database may be called %s',
  async (name) => {
    await load({ path: `${name}.duckdb`, table: 't', create: true }, 'real[]', 1000);
    expect(await textsOf('SELECT count(*) FROM t', join(baseDir, `${name}.duckdb`))).toEqual([['1000']]);
  },
);
