import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BatchlineError } from '../../src/core/errors.ts';
import type { ColumnPlan } from '../../src/core/sink.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createPgvectorDatabase, pgvectorUrl } from '../support/pgvector.ts';
import { vectorStandIn } from '../support/vector-stand-in.ts';
import { column, mark, openPostgres, resultBatch, sinkContext, type PostgresOptions } from './support.ts';

interface Scene extends Partial<PostgresOptions> {
  readonly url: string;
  readonly vector: ColumnPlan;
}

function open({ vector, url, ...options }: Scene) {
  const context = sinkContext([column('id', 'bigint')], [vector]);
  return openPostgres({ url, table: 't', ...options }, context);
}

async function rehearsalFault(scene: Scene): Promise<Pick<BatchlineError, 'code' | 'message' | 'hint'>> {
  await using sink = await open(scene);
  const error = await sink.rehearse().then(
    () => expect.unreachable('the rehearsal found nothing'),
    (reason: unknown) => reason as BatchlineError,
  );
  return { code: error.code, message: error.message, hint: error.hint };
}

function vectorColumn(sqlType: string, dimensions?: number): ColumnPlan {
  return { name: 'v', sqlType, isVector: true, dimensions };
}

async function standInDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  await database.client.query(vectorStandIn);
  return database;
}

describe("with the type's stand-in", () => {
  describeVectors(standInDatabase);
});
describe.skipIf(pgvectorUrl === undefined)('with pgvector (BATCHLINE_TEST_PGVECTOR_URL)', () => {
  describeVectors(createPgvectorDatabase);
});

function describeVectors(create: () => Promise<TestDatabase>): void {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await create();
  });
  afterEach(() => database.client.query('DROP TABLE IF EXISTS t'));
  afterAll(() => database[Symbol.asyncDispose]());

  async function stored(): Promise<readonly unknown[][]> {
    const { rows } = await database.client.query<unknown[]>({
      text: `SELECT id::int, encode(vector_send(v), 'hex') FROM t ORDER BY id`,
      rowMode: 'array',
    });
    return rows;
  }

  test('a created vector column takes the floats bit for bit, and is upserted', async () => {
    await using sink = await open({ url: database.url, vector: vectorColumn('vector(2)', 2), create: true });
    await sink.rehearse();
    await sink.prepare();
    await sink.load(resultBatch(1, [['1', Float32Array.of(1, -2)]]), mark('1'));
    const rows = [
      ['1', Float32Array.of(0.5, -2)],
      ['2', null],
    ];
    expect((await sink.load(resultBatch(1, rows), mark('2'))).failures).toEqual([]);
    expect(await stored()).toEqual([
      [1, '000200003f000000c0000000'],
      [2, null],
    ]);
  });

  test('an answer of another size fails alone', async () => {
    await database.client.query('CREATE TABLE t (id bigint PRIMARY KEY, v vector(2))');
    await using sink = await open({ url: database.url, vector: vectorColumn('vector(2)') });
    await sink.rehearse();
    await sink.prepare();
    const rows = [
      ['1', Float32Array.of(1, 2)],
      ['2', Float32Array.of(1, 2, 3)],
      ['3', Float32Array.of(1, NaN)],
    ];
    const { failures } = await sink.load(resultBatch(1, rows), mark());
    expect(failures.map(({ row, code }) => [row, code])).toEqual([
      [1, 'invalid_value'],
      [2, 'invalid_value'],
    ]);
    expect(failures[0]?.message).toBe('column "v" (vector(2)) takes 2 dimensions and the vector has 3');
    expect((await stored()).map(([id]) => id)).toEqual([1]);
  });

  test('dimensions that do not fit are found by the rehearsal, in an existing table and in a new one', async () => {
    const hint =
      'Set request.params.dimensions: 768, where the model can shorten its vectors, or fill a column of 1536.';
    const fault = {
      code: 'dimension_mismatch',
      message: 'public.t has column "v" of type vector(768), and the embeddings will have 1536 dimensions',
      hint,
    };
    const created = { url: database.url, vector: vectorColumn('vector(768)', 1536), create: true };
    expect(await rehearsalFault(created)).toEqual(fault);
    await database.client.query('CREATE TABLE t (id bigint PRIMARY KEY, v vector(768))');
    expect(await rehearsalFault({ url: database.url, vector: vectorColumn('real[]', 1536) })).toEqual(fault);
    await database.client.query('ALTER TABLE t DROP v, ADD v vector');
    await using sink = await open({ url: database.url, vector: vectorColumn('vector', 1536) });
    await sink.rehearse();
  });
}

describe('without pgvector', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test('a table with a vector is not created, and nor is the extension', async () => {
    const scene = { url: database.url, vector: vectorColumn('vector(1536)', 1536), create: true };
    const { code, message, hint } = await rehearsalFault(scene);
    expect(code).toBe('extension_missing');
    expect(message).toBe(
      'column "v" is to be of type vector(1536), and the database does not have the extension vector (pgvector)',
    );
    expect(hint).toContain('CREATE EXTENSION vector, as a user who may create extensions');
    const { rowCount } = await database.client.query(`SELECT FROM pg_extension WHERE extname = 'vector'`);
    expect(rowCount).toBe(0);
  });

  test('any other type that does not exist is named', async () => {
    const fault = await rehearsalFault({ url: database.url, vector: vectorColumn('vectr(3)'), create: true });
    expect(fault.code).toBe('unknown_type');
    expect(fault.message).toBe('cannot create public.t: type "vectr" does not exist');
  });
});
