import { afterAll, beforeAll, expect, test } from 'vitest';
import { longestRow } from '../../src/core/longest-row.ts';
import type { RowBatch } from '../../src/core/row-batch.ts';
import { fromWire } from '../../src/core/wire-text.ts';
import type { OpenedSource } from '../../src/core/source.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { open } from './postgres-support.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    CREATE TABLE files (body text, part text, doc jsonb, id int, PRIMARY KEY (id, part));
    INSERT INTO files SELECT 'body ' || n, 'p"art\t' || n, '[1]', n FROM generate_series(1, 7) n;
    UPDATE files SET body = repeat('x', ${longestRow + 1}) WHERE id IN (3, 4);
    UPDATE files SET doc = (repeat('[', 1001) || repeat(']', 1001))::jsonb WHERE id = 6`);
});
afterAll(() => database[Symbol.asyncDispose]());

const { signal } = new AbortController();

function partOf(batch: RowBatch, row: number, part: number): string {
  const text = batch.keyPart(row, part);
  return text === null ? 'null' : fromWire(text);
}

function reading(read: () => unknown): unknown {
  try {
    read();
    return null;
  } catch (error) {
    return (error as { readonly code: unknown }).code;
  }
}

/** Each row's key, and what came of reading its fields, as a value, printed and as JSON. */
async function readAll(source: OpenedSource, fields: readonly string[]) {
  const rows: unknown[] = [];
  for await (const batch of source.read({ fields, signal })) {
    for (let row = 0; row < batch.length; row += 1) {
      const key = source.keyFields.map((_, part) => partOf(batch, row, part));
      const faults = fields.map((_, field) => [
        reading(() => batch.value(row, field)),
        reading(() => batch.printed(row, field)),
        reading(() => batch.json(row, field)),
      ]);
      rows.push([batch.record(row), ...key, ...new Set(faults.flat())]);
    }
  }
  return rows;
}

test.each([
  ['a table in pages', { table: 'files' }],
  ['a query in one pass', { query: 'SELECT * FROM files ORDER BY id' }],
])('%s gives the key of a row that is too large', async (_name, config) => {
  await using source = await open({ url: database.url, ...config }, ['id', 'part']);
  const expected = [1, 2, 3, 4, 5, 6, 7].map((id) => {
    const fault = id === 3 || id === 4 ? 'row_too_large' : null;
    return [id, String(id), `p"art\t${id}`, fault];
  });
  expect(await readAll(source, ['body', 'id'])).toEqual(expected);
});

test('a document that is nested too deep cannot be read in any way, what stands beside it can', async () => {
  await using source = await open({ url: database.url, table: 'files', columns: ['doc', 'id'] }, [
    'id',
    'part',
  ]);
  const deep = (await readAll(source, ['doc']))[5];
  expect(deep).toEqual([6, '6', 'p"art\t6', 'nested_too_deep']);
  expect((await readAll(source, ['id'])).flat()).not.toContain('nested_too_deep');
});

test('a key that is too large itself is named by its beginning', async () => {
  const query = `SELECT 'é' || repeat('k', ${longestRow}) AS id, 1 AS n UNION ALL SELECT 'b', 2`;
  await using source = await open({ url: database.url, query }, ['id']);
  expect(await readAll(source, ['n'])).toEqual([
    [1, `é${'k'.repeat(298)}`, 'row_too_large'],
    [2, 'b', null],
  ]);
});
