import type { PGlite } from '@electric-sql/pglite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BatchlineError } from '../../src/core/errors.ts';
import { buildStatements, qualifyAll, selectIndexes } from '../../src/sinks/postgres/index-statements.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createPglite, createPgvectorDatabase, pgvectorUrl } from '../support/pgvector.ts';
import { vectorStandIn } from '../support/vector-stand-in.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

const rows = [
  ['1', Float32Array.of(1, 2)],
  ['2', Float32Array.of(3, 4)],
];

function open(url: string, indexes: 'keep' | 'defer' = 'defer', table = 't') {
  const context = sinkContext([column('id', 'bigint')], [column('v', 'vector(2)', true)]);
  return openPostgres({ url, table, indexes }, context);
}

async function standInDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  await database.client.query(vectorStandIn);
  return database;
}

describe("with the access method's stand-in", () => {
  describeDeferring(standInDatabase);
});
describe.skipIf(pgvectorUrl === undefined)('with pgvector (BATCHLINE_TEST_PGVECTOR_URL)', () => {
  describeDeferring(createPgvectorDatabase);
});

function describeDeferring(create: () => Promise<TestDatabase>): void {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await create();
  });
  afterEach(() => database.client.query('DROP TABLE IF EXISTS t, batchline_deferred_indexes'));
  afterAll(() => database[Symbol.asyncDispose]());

  async function makeTable(): Promise<readonly unknown[]> {
    await database.client.query(`CREATE TABLE t (id bigint PRIMARY KEY, v vector(2));
      CREATE INDEX by_v ON t USING hnsw (v vector_l2_ops);
      CREATE INDEX "By V, again" ON t USING hnsw (v vector_l2_ops) WHERE id > 7;
      COMMENT ON INDEX by_v IS 'it''s ours'; CREATE INDEX plain ON t (id)`);
    return indexes();
  }

  async function indexes(): Promise<readonly unknown[]> {
    const { rows: found } = await database.client.query<unknown[]>({
      text: `SELECT pg_get_indexdef(indexrelid), obj_description(indexrelid) FROM pg_index
        WHERE indrelid = 't'::regclass ORDER BY 1`,
      rowMode: 'array',
    });
    return found;
  }

  async function names(): Promise<readonly unknown[]> {
    const { rows: found } = await database.client.query<{ name: string }>(
      `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indrelid = 't'::regclass ORDER BY 1`,
    );
    return found.map(({ name }) => name);
  }

  test('vector indexes are dropped before the first row, and are as they were at the end', async () => {
    const before = await makeTable();
    await using sink = await open(database.url);
    await sink.rehearse();
    await sink.prepare();
    expect(await indexes()).toEqual(before);
    expect(sink.setAside).toBeNull();
    await Promise.all([
      sink.load(resultBatch(1, rows), mark('1')),
      sink.load(resultBatch(1, rows), mark('2')),
    ]);
    expect(await names()).toEqual(['plain', 't_pkey']);
    expect(sink.setAside).toContain('are still dropped: By V, again, by_v.');
    await sink.finish(2);
    await sink.finish(2);
    expect(await indexes()).toEqual(before);
    expect(sink.setAside).toBeNull();
    const { rowCount } = await database.client.query('SELECT FROM batchline_deferred_indexes');
    expect(rowCount).toBe(0);
  });

  test('what a process that died has left dropped is built by the next one, also by one that keeps indexes', async () => {
    const before = await makeTable();
    for (const mode of ['keep', 'defer'] as const) {
      {
        await using died = await open(database.url);
        await died.prepare();
        await died.load(resultBatch(1, rows), mark());
      }
      await using sink = await open(database.url, mode);
      await sink.rehearse();
      await sink.prepare();
      expect(await names()).toHaveLength(mode === 'keep' ? 4 : 2);
      expect(sink.setAside === null).toBe(mode === 'keep');
      await sink.restore?.();
      expect(await indexes()).toEqual(before);
    }
  });

  test('an index that was made by hand meanwhile is left as it is', async () => {
    await makeTable();
    await using sink = await open(database.url);
    await sink.prepare();
    await sink.load(resultBatch(1, rows), mark());
    await database.client.query('CREATE INDEX by_v ON t USING hnsw (v vector_l2_ops) WHERE id > 1');
    const [made] = (await indexes()).filter((index) => String(index).includes('by_v'));
    await sink.finish(2);
    expect(await indexes()).toContainEqual(made);
    expect(await names()).toHaveLength(4);
  });

  test('an index that cannot be built stays written down, and the others are there', async () => {
    const before = await makeTable();
    await using sink = await open(database.url);
    await sink.prepare();
    await sink.load(resultBatch(1, rows), mark());
    await database.client.query('ALTER TABLE t RENAME v TO w');
    await expect(sink.finish(2)).rejects.toThrow('cannot build index By V, again: column "v" does not exist');
    expect(sink.setAside).toContain('By V, again, by_v');
    await database.client.query('ALTER TABLE t RENAME w TO v');
    await sink.finish(2);
    expect(await indexes()).toEqual(before);
  });

  test('a table that others are at work on is not waited for long', async () => {
    await makeTable();
    await using sink = await open(database.url);
    await sink.prepare();
    await database.client.query('BEGIN; SELECT FROM t');
    const error = await sink.load(resultBatch(1, rows), mark()).then(
      () => null,
      (reason: unknown) => reason as BatchlineError,
    );
    await database.client.query('ROLLBACK');
    expect(error).toMatchObject({ code: 'lock_timeout', retryable: true });
    expect((await sink.load(resultBatch(1, rows), mark())).failures).toEqual([]);
    expect(await names()).toEqual(['plain', 't_pkey']);
    await sink.finish(2);
  });

  test('without vector indexes nothing is done', async () => {
    await database.client.query('CREATE TABLE t (id bigint PRIMARY KEY, v vector(2))');
    await using sink = await open(database.url);
    await sink.rehearse();
    await sink.prepare();
    await sink.load(resultBatch(1, rows), mark());
    await sink.finish(2);
    const { rows: found } = await database.client.query(
      `SELECT to_regclass('batchline_deferred_indexes') AS place`,
    );
    expect(found).toEqual([{ place: null }]);
  });

  test('the rehearsal finds a table of somebody else, and a partitioned one', async () => {
    await makeTable();
    await database.client.query(`DROP ROLE IF EXISTS indexer; CREATE ROLE indexer LOGIN PASSWORD 'indexer';
      GRANT ALL ON t TO indexer`);
    const url = new URL(database.url);
    url.username = 'indexer';
    url.password = 'indexer';
    try {
      await using sink = await open(url.href);
      await expect(sink.rehearse()).rejects.toMatchObject({ code: 'not_owner' });
    } finally {
      await database.client.query('DROP OWNED BY indexer; DROP ROLE indexer');
    }
    await database.client
      .query(`DROP TABLE t; CREATE TABLE t (id bigint PRIMARY KEY, v vector(2)) PARTITION BY RANGE (id);
      CREATE INDEX by_v ON t USING hnsw (v vector_l2_ops)`);
    await using sink = await open(database.url);
    await expect(sink.rehearse()).rejects.toMatchObject({ code: 'indexes_partitioned' });
  });
}

describe('the statements, on pgvector itself', () => {
  let database: PGlite;
  beforeAll(async () => {
    database = await createPglite();
  });
  afterAll(() => database.close());

  test('find hnsw and ivfflat indexes and no others, and build them as they were', async () => {
    await database.exec(`CREATE SCHEMA app; CREATE TABLE app.t (id bigint PRIMARY KEY, v vector(3), h halfvec(3), n int);
      INSERT INTO app.t SELECT i, '[1,2,3]', '[1,2,3]', i FROM generate_series(1, 50) i;
      CREATE INDEX a ON app.t USING hnsw (v vector_cosine_ops) WITH (m = 8, ef_construction = 32);
      CREATE INDEX b ON app.t USING ivfflat (h halfvec_l2_ops) WITH (lists = 3) WHERE n > 5;
      CREATE INDEX c ON app.t USING hnsw ((v::halfvec(3)) halfvec_ip_ops);
      CREATE INDEX d ON app.t (n); CREATE INDEX e ON app.t USING brin (n);
      COMMENT ON INDEX app.a IS 'nearest by angle'`);
    const find = async () => {
      await database.exec(`BEGIN; ${qualifyAll}`);
      const found = await database.query<Parameters<typeof buildStatements>[1]>(selectIndexes, [
        (await database.query<{ oid: number }>(`SELECT 'app.t'::regclass::oid AS oid`)).rows[0]?.oid,
        ['hnsw', 'ivfflat'],
      ]);
      await database.exec('COMMIT');
      return found.rows;
    };
    const before = await find();
    expect(before.map(({ name, comment }) => [name, comment])).toEqual([
      ['a', 'nearest by angle'],
      ['b', null],
      ['c', null],
    ]);
    await database.exec('DROP INDEX app.a, app.b, app.c; BEGIN');
    for (const index of before)
      for (const statement of buildStatements({ schema: 'app', table: 't' }, index))
        await database.exec(statement);
    await database.exec('COMMIT');
    expect(await find()).toEqual(before);
  });
});
