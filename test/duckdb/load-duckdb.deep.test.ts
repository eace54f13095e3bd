import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PipelineProject } from '../support/pipeline-process.ts';

const source = { type: 'csv', path: 'notes.csv', key: 'id' };
const sink = { type: 'csv', path: 'out.csv' };

function pipeline(parts: object): object {
  return {
    source,
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ id }}' },
    provider: { type: 'openai', base_url: 'emulator' },
    sink,
    ...parts,
  };
}

test.each([
  { source: { type: 'duckdb', query: 'SELECT 1 AS id', key: 'id' } },
  { sink: { type: 'duckdb', path: 'out.duckdb', table: 'out', create: true } },
  { sink: { type: 'duckdb', path: 'out.parquet' } },
])('where DuckDB is not installed, one line says how to: %o', async (parts) => {
  await using project = await PipelineProject.create(pipeline(parts));
  await project.write('notes.csv', 'id\n1\n');
  project.env = { NODE_OPTIONS: `--import ${join(import.meta.dirname, '../support/without-duckdb.ts')}` };
  expect((await project.cli('validate', 'pipeline.yaml')).code).toBe(0);
  const { code, stderr } = await project.run();
  expect(code).toBe(2);
  expect(stderr).toMatch(/DuckDB \(@duckdb\/node-api\) is not installed/);
  expect(stderr).toMatch(/npm install @duckdb\/node-api@\d+\.\d+\.\d+/);
  expect(stderr).not.toContain('    at ');
});
