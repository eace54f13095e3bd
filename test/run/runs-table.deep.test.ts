import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunSummary } from '../../src/run/summary.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { textsOf } from '../support/duckdb.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const rowCount = 6;
let emulator: TestEmulator;
let database: TestDatabase;
beforeAll(async () => {
  [emulator, database] = await Promise.all([
    createEmulator({ faults: { rows: [{ fault: 'status', status: 400, custom_ids: ['5'] }] } }),
    createDatabase(),
  ]);
  await database.client.query(`CREATE ROLE "run writer" LOGIN; GRANT ALL ON SCHEMA public TO "run writer"`);
});
afterAll(async () => {
  await database.client.query('DROP OWNED BY "run writer"; DROP ROLE "run writer"');
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function projectWith(sink: object, rest: object = {}): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_attempts: 1 },
    max_failed_rows: 1,
    sink: { create: true, columns: { answer: 'text' }, ...sink },
    ...rest,
  });
  const lines = Array.from({ length: rowCount }, (_, index) => `${index + 1},note ${index + 1}\n`);
  await project.write('notes.csv', `id,body\n${lines.join('')}`);
  return project;
}

async function rowsOf(table: string): Promise<readonly Record<string, unknown>[]> {
  return (await database.client.query<Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY started_at`))
    .rows;
}

/** What a summary says, as the table has it. */
function flat({ run_id: id, pipeline, status, rows, tokens, batches, cost_usd: cost }: RunSummary) {
  return {
    run_id: id,
    pipeline,
    kind: 'run',
    status,
    provider: 'openai',
    model: 'gpt-4o-mini',
    rows_read: String(rows.read),
    rows_requested: String(rows.requested),
    rows_ok: String(rows.ok),
    rows_failed: String(rows.failed),
    rows_skipped: String(rows.skipped),
    batches: String(batches.total),
    tokens_input: String((tokens as { readonly input: number }).input),
    tokens_output: String((tokens as { readonly output: number }).output),
    cost_usd: cost,
  };
}

it('each run stands beside a Postgres sink, as its summary has it, once', async () => {
  const table = '"Odd ""schema"""."Runs, all"';
  await database.client.query('CREATE SCHEMA "Odd ""schema"""');
  const sink = { type: 'postgres', url: database.url, table: 'answers_a' };
  await using project = await projectWith(sink, { runs_table: table });
  const first = await project.summary();
  expect(first.status).toBe('completed_with_failures');
  const [row] = await rowsOf(table);
  expect(row).toMatchObject({ ...flat(first), error_code: null, requests_batch: '6' });
  expect(row?.['list_usd']).toBeCloseTo(2 * (first.cost_usd ?? NaN), 12);
  expect(row?.['ended_at']).toBeInstanceOf(Date);
  // The same run again, and then another one.
  expect((await project.cli('retry', first.run_id)).code).toBe(0);
  const second = await project.summary();
  expect(second.run_id).not.toBe(first.run_id);
  const rows = await rowsOf(table);
  expect(rows.map(({ run_id: id, rows_skipped: skipped }) => [id, skipped])).toEqual([
    [first.run_id, '0'],
    [second.run_id, '6'],
  ]);
  expect(rows[0]?.['cost_usd']).toBe(await project.cli('status', first.run_id, '--json').then(costIn));
});

function costIn({ stdout }: { readonly stdout: string }): number | null {
  return (JSON.parse(stdout) as RunSummary).cost_usd;
}

it('what a month cost is asked as the page says', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/cost.md'), 'utf8');
  const query = /```sql\n(.*?)```/s.exec(page)?.[1] ?? '';
  const sink = { type: 'postgres', url: database.url, table: 'answers_m' };
  await using project = await projectWith(sink, { runs_table: 'public.batchline_runs' });
  const { cost_usd: cost } = await project.summary();
  const { rows } = await database.client.query<Record<string, unknown>>(query);
  expect(rows).toMatchObject([{ runs: '1', answers: String(rowCount - 1), usd: cost, of_unknown_cost: '0' }]);
});

it('a run that fails, and one that is cancelled, say so there', async () => {
  const sink = { type: 'postgres', url: database.url, table: 'answers_b' };
  await using project = await projectWith(sink, { runs_table: 'runs_b' });
  await project.write('pipeline.yaml', {
    ...JSON.parse(await project.read('pipeline.yaml')),
    batch: { ...promptBatch, completion_window: '7d' },
  });
  const { run_id: runId, status } = await project.summary(1);
  expect(status).toBe('failed');
  expect(await rowsOf('runs_b')).toMatchObject([{ run_id: runId, status, error_code: expect.any(String) }]);
  expect((await project.cli('cancel', runId)).code).toBe(0);
  expect(await rowsOf('runs_b')).toMatchObject([{ run_id: runId, status: 'cancelled' }]);
});

it('a table of one’s own gets the columns that it has', async () => {
  await database.client.query(
    'CREATE TABLE runs_c (run_id text PRIMARY KEY, cost_usd numeric, note text, started_at timestamptz)',
  );
  const sink = { type: 'postgres', url: database.url, table: 'answers_c' };
  await using project = await projectWith(sink, { runs_table: 'runs_c' });
  const { run_id: runId } = await project.summary();
  expect(await rowsOf('runs_c')).toMatchObject([{ run_id: runId, note: null, cost_usd: expect.any(String) }]);
});

it('a table that cannot be written is warned of before and after, and the run goes its way', async () => {
  await database.client.query('CREATE TABLE runs_d (run_id text PRIMARY KEY)');
  const url = new URL(database.url);
  url.username = 'run writer';
  const sink = { type: 'postgres', url: url.href, table: 'answers_d' };
  await using project = await projectWith(sink, { runs_table: 'runs_d' });
  const { code, stderr } = await project.run();
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringContaining('runs_table runs_d cannot be written'),
  });
  expect(stderr).toMatch(
    /does not stand in runs_d: runs_table runs_d cannot be written: .*permission denied/,
  );
  expect(await rowsOf('answers_d, (SELECT now() AS started_at) s')).toHaveLength(rowCount - 1);
});

it('each run stands in a DuckDB file', async () => {
  const sink = { type: 'duckdb', path: 'warehouse.duckdb', table: 'answers' };
  await using project = await projectWith(sink, { runs_table: 'main.batchline_runs' });
  const first = await project.summary();
  const second = await project.summary();
  const rows = await textsOf(
    `SELECT run_id, status, rows_ok, abs(cost_usd - ${first.cost_usd}) < 1e-12, started_at < ended_at
       FROM batchline_runs ORDER BY started_at`,
    project.path('warehouse.duckdb'),
  );
  expect(rows).toEqual([
    [first.run_id, first.status, String(rowCount - 1), 'true', 'true'],
    [second.run_id, 'completed', '0', 'false', 'true'],
  ]);
});

it('beside files there is no such table', async () => {
  for (const sink of [
    { type: 'csv', path: 'out.csv', create: undefined },
    { type: 'duckdb', path: 'out.parquet', create: undefined },
  ]) {
    await using project = await projectWith(sink, { runs_table: 'runs' });
    const { code, stdout, stderr } = await project.cli('validate', 'pipeline.yaml');
    expect(code).toBe(2);
    expect(stdout + stderr).toContain('runs_table  goes beside a table');
  }
});
