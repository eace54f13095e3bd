import { expect, it } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { queryDuckdb, runDuckdb } from '../support/duckdb.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const rowCount = 4;

it('load --run fills a table that was emptied or dropped since it was loaded', async () => {
  await using database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, ${rowCount}) n`);
  await using emulator = await createEmulator();
  await using project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: { type: 'postgres', url: database.url, table: 'answers', create: true, mode: 'insert' },
  });
  const { run_id: runId } = await project.summary();
  const inserted = async (): Promise<number> => {
    const load = ['load', 'pipeline.yaml', '--run', runId, '--set', 'sink.table=others'];
    const { code, stderr } = await project.cli(...load);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { rows } = await database.client.query('SELECT count(*)::int AS n FROM others');
    return Number(rows[0]?.n);
  };
  expect(await inserted()).toBe(rowCount);
  // Typed once more, as after a crash, it inserts nothing twice.
  expect(await inserted()).toBe(rowCount);
  await database.client.query('TRUNCATE others');
  expect(await inserted()).toBe(rowCount);
  await database.client.query('DROP TABLE others');
  expect(await inserted()).toBe(rowCount);
});

it('so does it with a table of DuckDB', async () => {
  await using emulator = await createEmulator();
  await using project = await PipelineProject.create({
    source: { type: 'jsonl', path: 'notes.jsonl', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: { type: 'duckdb', path: 'answers.duckdb', table: 'answers', create: true, mode: 'insert' },
  });
  await project.write('notes.jsonl', '{"id":1,"body":"a"}\n{"id":2,"body":"b"}\n');
  const { run_id: runId } = await project.summary();
  const path = project.path('answers.duckdb');
  const inserted = async (): Promise<unknown> => {
    const load = ['load', 'pipeline.yaml', '--run', runId, '--set', 'sink.table=others'];
    expect(await project.cli(...load)).toMatchObject({ code: 0 });
    return queryDuckdb('SELECT id FROM others ORDER BY id', path);
  };
  const both = await inserted();
  expect(both).toHaveLength(2);
  expect(await inserted()).toEqual(both);
  await runDuckdb('DELETE FROM others', path);
  expect(await inserted()).toEqual(both);
  await runDuckdb('DROP TABLE others', path);
  expect(await inserted()).toEqual(both);
});
