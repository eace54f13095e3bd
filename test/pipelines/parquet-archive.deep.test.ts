import { expect, test } from 'vitest';
import { textsOf } from '../support/duckdb.ts';
import { copyExamples, runExample, succeed } from './example-project.ts';

const file = 'parquet-archive.yaml';

test('messages of Parquet files are summed up into a DuckDB file, and not sent twice', async () => {
  await using project = await copyExamples({});
  const select = `SELECT id, folder FROM '${project.path('pipelines/data/archive')}/*.parquet' ORDER BY id`;
  const messages = await textsOf(select);
  expect(messages.length).toBeGreaterThan(50);

  const first = await runExample(project, file);
  expect(first.rows).toMatchObject({ records: messages.length, ok: messages.length });
  const path = project.path('pipelines/.pipeline/summaries.duckdb');
  expect(await textsOf('SELECT id, folder FROM summaries ORDER BY id', path)).toEqual(messages);
  const empty = `SELECT id FROM summaries WHERE summary IS NULL OR summary = '' OR request_hash IS NULL`;
  expect(await textsOf(empty, path)).toEqual([]);

  const second = await runExample(project, file);
  expect(second.rows).toMatchObject({ skipped: messages.length, requested: 0 });
  const results = await succeed(project, 'results', `pipelines/${file}`, '-n', '2');
  expect(results.split('\n')[0]?.split(/ +/)).toEqual(['id', 'folder', 'summary', 'model']);
});
