import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OpenedSink, ResultBatch } from '../../src/core/sink.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { column, mark, openPostgres, resultBatch, sinkContext } from './support.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** The target holds three old pieces of each of the records 1 to 5; a note stands on the last one of record 2. */
beforeEach(async () => {
  await database.client.query(`
    DROP TABLE IF EXISTS note, piece;
    CREATE TABLE piece (id int, chunk_index int, value text CHECK (value <> 'bad'), PRIMARY KEY (id, chunk_index));
    INSERT INTO piece SELECT id, at, 'old' FROM generate_series(1, 5) id, generate_series(0, 2) at;
    CREATE TABLE note (id int, chunk_index int, FOREIGN KEY (id, chunk_index) REFERENCES piece);
    INSERT INTO note VALUES (2, 2)`);
});

async function openPieces(): Promise<OpenedSink> {
  const key = [column('id'), column('chunk_index', 'integer')];
  const context = { ...sinkContext(key, [column('value')]), isSplit: true };
  const sink = await openPostgres({ url: database.url, table: 'piece' }, context);
  await sink.rehearse();
  await sink.prepare();
  return sink;
}

/** Key, piece, value, and of a first piece how many there are. */
type Row = readonly [id: string, index: string, value: string, count: number | null];

function batchOf(rows: readonly Row[]): ResultBatch {
  return {
    ...resultBatch(
      2,
      rows.map(([id, index, value]) => [id, index, value]),
    ),
    pieceCounts: rows.map(([, , , count]) => count),
  };
}

/** Of each record its values, in the order of its pieces. */
async function standing(): Promise<readonly (readonly string[])[]> {
  const { rows } = await database.client.query<{ texts: string[] }>(
    `SELECT array_agg(value ORDER BY chunk_index) AS texts FROM piece GROUP BY id ORDER BY id`,
  );
  return rows.map(({ texts }) => texts);
}

const old = ['old', 'old', 'old'];

describe('loading first pieces', () => {
  const firstPieces: readonly Row[] = [
    ['1', '0', 'new', 1],
    ['2', '0', 'new', 1],
    ['3', '0', 'new', 2],
    ['3', '1', 'new', null],
  ];

  test.each([
    ['at once', ''],
    [
      'at the commit',
      'ALTER TABLE note ALTER CONSTRAINT note_id_chunk_index_fkey DEFERRABLE INITIALLY DEFERRED',
    ],
  ])(
    'one fails whose stale pieces something refers to, which is checked %s, and no other',
    async (_, sql) => {
      await database.client.query(sql);
      await using sink = await openPieces();
      const { failures } = await sink.load(batchOf(firstPieces), mark());
      expect(failures).toMatchObject([{ row: 1, code: 'foreign_key_violation' }]);
      expect(failures[0]?.message).toContain('(id, chunk_index)=(2, 2)');
      expect(await standing()).toEqual([['new'], old, ['new', 'new'], old, old]);
    },
  );

  test('rows that cannot be loaded beside it delete nothing, and hinder no deletion', async () => {
    await using sink = await openPieces();
    const rows: readonly Row[] = [
      ...firstPieces,
      ['4', '0', 'bad', 1],
      ['five', '0', 'new', 1],
      ['5', '0', 'new', 2],
      ['5', '0', 'again', 1],
      ['5', '1', 'bad', null],
    ];
    const { failures } = await sink.load(batchOf(rows), mark());
    expect(failures.map(({ row, code }) => [row, code])).toEqual([
      [1, 'foreign_key_violation'],
      [4, 'check_violation'],
      [5, 'invalid_value'],
      [7, 'sink_key_collision'],
      [8, 'check_violation'],
    ]);
    expect(await standing()).toEqual([['new'], old, ['new', 'new'], old, ['new', 'old']]);
  });

  test('a first piece that failed is loaded once nothing refers to its stale ones', async () => {
    await using sink = await openPieces();
    await sink.load(batchOf(firstPieces), mark());
    await database.client.query('DELETE FROM note');
    expect(await sink.load(batchOf(firstPieces.slice(1, 2)), mark())).toMatchObject({ failures: [] });
    expect((await standing())[1]).toEqual(['new']);
  });
});

test('where no first piece is loaded, others are deleted although one cannot be', async () => {
  await using sink = await openPieces();
  const records = { keys: [['1'], ['2'], ['x'], ['3']], counts: [1, 1, 1, 2] };
  expect(await sink.deletePieces?.(records)).toMatchObject([{ row: 1, code: 'foreign_key_violation' }]);
  expect(await standing()).toEqual([['old'], old, ['old', 'old'], old, old]);
});
