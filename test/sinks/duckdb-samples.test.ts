import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ColumnSamples } from '../../src/core/sink.ts';
import type { Value } from '../../src/core/value.ts';
import { duckdb } from '../../src/sinks/duckdb.ts';
import { runDuckdb } from '../support/duckdb.ts';
import { column, sinkContext } from './support.ts';

let baseDir: string;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), 'batchline-samples-'));
});
afterEach(() => rm(baseDir, { recursive: true }));

const words = ['An answer in words'];
const some = (...values: readonly Value[]): ColumnSamples => ({ values, isEvery: false, mayBeNull: false });
const every = (...values: readonly Value[]): ColumnSamples => ({ values, isEvery: true, mayBeNull: false });

async function rehearse(type: string, samples: ColumnSamples): Promise<void> {
  const path = join(baseDir, 'out.duckdb');
  await runDuckdb(`CREATE TABLE t (id INTEGER PRIMARY KEY, tag ${type})`, path);
  const context = sinkContext([column('id')], [{ ...column('tag'), samples }], { baseDir });
  await using sink = await duckdb.open(duckdb.config.parse({ path, table: 't' }), context);
  await sink.rehearse();
}

test.each([
  ['INTEGER', some(words[0] ?? '')],
  ['INTEGER', every(true, false)],
  ['BOOLEAN', some(7)],
  ['TINYINT', some(0, 1000)],
  ['TIMESTAMP', some(words[0] ?? '')],
  ['UUID', some(words[0] ?? '')],
  ['INTEGER[]', some([words[0] ?? ''])],
  ["ENUM('low', 'mid')", every('low', 'high')],
  ['DECIMAL(4,1)', some(0, 100_000)],
])('a column of %s that some values do not fit into', async (type, samples) => {
  await expect(rehearse(type, samples)).rejects.toMatchObject({
    code: 'column_type_mismatch',
    message: expect.stringContaining('"tag" of type') as string,
  });
});

test.each([
  ['VARCHAR', some(words[0] ?? '')],
  ['INTEGER', some(7, 12)],
  ['DOUBLE', some(0.5)],
  ["ENUM('low', 'mid')", every('low', 'mid')],
  ["ENUM('low', 'mid')", some(words[0] ?? '')],
  ['VARCHAR[]', some(words)],
  ['JSON', some({}, words)],
  ['TIMESTAMPTZ', some('2026-11-22T10:00:00Z')],
  ['INTEGER', { ...some(7), mayBeNull: true }],
])('a column of %s that the values fit into, or that nothing is known against', async (type, samples) => {
  await expect(rehearse(type, samples)).resolves.toBeUndefined();
});

test('a column that takes no null, where null may come', async () => {
  await expect(rehearse('INTEGER NOT NULL', { ...some(7), mayBeNull: true })).rejects.toMatchObject({
    code: 'column_not_null',
  });
});
