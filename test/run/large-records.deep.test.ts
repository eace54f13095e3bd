import { appendFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { answers, errorsOf, scene, useNotes } from './scene.ts';
import { runDuckdb } from '../support/duckdb.ts';
import type { Middleware } from '../support/proxy.ts';
import { peakOf, useSmallHeap } from '../support/small-heap.ts';

useNotes();

const ceilingMb = 500;
const untouched = (): Middleware => (_request, forward) => forward();

/** How the same rows are written in each format. */
const formats = {
  csv: { head: 'id,body\n', row: (id: number, body: string) => `${id},"${body}"\n`, foot: '' },
  jsonl: { head: '', row: (id: number, body: string) => `{"body":"${body}","id":${id}}\n`, foot: '' },
  json: {
    head: '[',
    row: (id: number, body: string) => `{"body":"${body}","id":${id}},\n`,
    foot: '{"id":99,"body":"x"}]',
  },
} as const;

describe.each(['csv', 'jsonl', 'json'] as const)('%s', (type) => {
  const { head, row, foot } = formats[type];

  test.each([20_000_000, 60_000_000])('a record of %i bytes fails alone, by its key', async (bytes) => {
    await using at = await scene(untouched, {
      source: { type, url: undefined, table: undefined, path: `rows.${type}`, key: 'id' },
      batch: { max_requests: 100 },
    });
    useSmallHeap(at.project);
    const path = at.project.path(`rows.${type}`);
    await appendFile(path, head);
    for (const id of [1, 2, 3, 4]) {
      await appendFile(path, row(id, 'small'));
      if (id === 2) await appendFile(path, row(77, 'x'.repeat(bytes)));
    }
    await appendFile(path, foot);
    const { code, stderr } = await at.project.run();
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(await errorsOf(at.project)).toMatchObject([{ key: '77', stage: 'render', code: 'row_too_large' }]);
    expect((await answers()).map(({ id }) => id).filter((id) => id < 99)).toEqual([1, 2, 3, 4]);
    expect(peakOf(stderr)).toBeLessThan(ceilingMb);
  });
});

test('a line above what is held is a bad record', async () => {
  await using at = await scene(untouched, {
    source: {
      type: 'jsonl',
      url: undefined,
      table: undefined,
      path: 'rows.jsonl',
      key: 'id',
      on_bad_record: 'skip',
    },
  });
  useSmallHeap(at.project);
  const { row } = formats.jsonl;
  await at.project.write('rows.jsonl', row(1, 'x'));
  await appendFile(at.project.path('rows.jsonl'), row(2, 'x'.repeat(300_000_000)));
  await appendFile(at.project.path('rows.jsonl'), row(3, 'x'));
  const { code, stderr } = await at.project.run();
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect((await answers()).map(({ id }) => id)).toEqual([1, 3]);
  expect(peakOf(stderr)).toBeLessThan(ceilingMb);
});

test('a value in a Parquet file costs its row, and what memory DuckDB may take', async () => {
  await using at = await scene(untouched, {
    source: {
      type: 'duckdb',
      url: undefined,
      table: undefined,
      query: "SELECT * FROM 'rows.parquet'",
      memory_limit: '512MB',
      key: 'id',
    },
  });
  useSmallHeap(at.project);
  await runDuckdb(
    `COPY (SELECT n AS id, CASE n WHEN 3 THEN repeat('x', 60000000) WHEN 4 THEN repeat('x', 9000000) ELSE 'small' END AS body
             FROM range(1, 6) rows (n)) TO '${at.project.path('rows.parquet')}'`,
  );
  const { code, stderr } = await at.project.run();
  expect({ code, stderr }).toMatchObject({ code: 1 });
  expect(await errorsOf(at.project)).toMatchObject([{ key: '3', stage: 'render', code: 'row_too_large' }]);
  expect((await answers()).map(({ id }) => id)).toEqual([1, 2, 4, 5]);
  expect(peakOf(stderr)).toBeLessThan(ceilingMb + 512);
});
