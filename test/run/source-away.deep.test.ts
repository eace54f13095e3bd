import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let database: TestDatabase;

/** Rows of a table that fails, as a server that is shut down does, at the first row above the gate. */
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, repeat(md5(n::text), 3000) FROM generate_series(1, 20) n;
    CREATE TABLE gate (opened_to bigint);
    INSERT INTO gate VALUES (4);
    CREATE FUNCTION passes(id bigint) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      IF id <= (SELECT opened_to FROM gate) THEN RETURN true; END IF;
      PERFORM pg_sleep(0.2);
      RAISE EXCEPTION 'the server is going away' USING ERRCODE = '57P01';
    END $$;
    -- Sorted, all rows would be looked at before the first one is sent.
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_sort = off', current_database()); END $$`);
});
afterAll(() => database[Symbol.asyncDispose]());

it('a source that goes away again and again has all its time each time that rows were read since', async () => {
  await using emulator = await createEmulator();
  await using project = await PipelineProject.create({
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id', where: 'passes(id)' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 1 },
    sink: { type: 'jsonl', path: 'answers.jsonl' },
  });
  const waits: number[] = [];
  let hasRead = false;
  const { result } = project.watch(['run', 'pipeline.yaml', '--log-format', 'json'], (line) => {
    const event = JSON.parse(line) as { readonly type: string; readonly waitMs?: number };
    if (event.type === 'RowsRead') hasRead = true;
    // Where the gate opens late, reading may fail once more before it has read a row.
    if (event.type !== 'StepRetried' || !hasRead) return;
    hasRead = false;
    waits.push(event.waitMs ?? Infinity);
    void database.client.query('UPDATE gate SET opened_to = opened_to + 4');
  });
  expect(await result).toMatchObject({ code: 0 });
  // Each is a first wait; without the rows between them each would be longer.
  expect(waits).toHaveLength(4);
  expect(Math.max(...waits)).toBeLessThanOrEqual(500);
  expect((await project.status()).rows).toMatchObject({ read: 20, ok: 20, pending: 0 });
});
