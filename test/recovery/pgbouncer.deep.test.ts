import { basename } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { hasPgBouncer, startPgBouncer, type PgBouncer } from '../support/pgbouncer.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

const rowCount = 3000;
let database: TestDatabase;
let bouncer: PgBouncer;
let emulator: TestEmulator;

function pipeline(source: object, sink: object): object {
  const url = bouncer.through(database.url);
  return {
    source: { type: 'postgres', url, key: 'id', ...source },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 500 },
    max_failed_rows: 1,
    runs_table: 'batchline_runs',
    sink: {
      type: 'postgres',
      url,
      table: 'answers',
      create: true,
      columns: { answer: 'text', written: 'row.written_at' },
      ...sink,
    },
  };
}

describe.skipIf(!hasPgBouncer())('through PgBouncer in transaction mode', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    bouncer = await startPgBouncer(inject('testDatabaseUrl'));
    database = await createDatabase();
    emulator = await createEmulator();
    await database.client.query(`
      CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, written_at timestamptz NOT NULL);
      INSERT INTO notes SELECT n, 'note ' || n, '2026-01-01T12:00:00Z' FROM generate_series(1, ${rowCount}) n`);
    // A session that others have left their mark on: what a run needs must not come of the session's settings.
    await database.client.query(`DO $$ BEGIN EXECUTE format(
      'ALTER DATABASE %I SET TimeZone = ''Asia/Tokyo''', current_database()); END $$`);
  });
  afterAll(async () => {
    await emulator[Symbol.asyncDispose]();
    await bouncer[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await database.client.query('DROP TABLE IF EXISTS answers, batchline_loads');
  });

  const table = { table: 'notes' };
  const query = { query: 'SELECT id, body, written_at FROM notes' };

  it.each([
    ['upsert', table],
    ['insert', table],
    ['upsert', query],
  ])('%s from %j', async (mode, source) => {
    await using project = await PipelineProject.create(pipeline(source, { mode }));
    expect((await project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
    const { rows } = await database.client.query<{ id: string; answer: string; written: string }>(
      'SELECT id::text, answer, written::text FROM answers ORDER BY answers.id',
    );
    expect(rows).toHaveLength(rowCount);
    expect(rows.filter(({ id, answer }) => answer !== promptAnswer(`note ${id}`))).toEqual([]);
    expect(new Set(rows.map(({ written }) => written))).toHaveProperty('size', 1);
    const runs = await database.client.query<{ ok: string }>(
      `SELECT rows_ok AS ok FROM batchline_runs WHERE pipeline = $1`,
      [basename(project.folder)],
    );
    expect(runs.rows).toEqual([{ ok: String(rowCount) }]);
    // What is unchanged is looked up through the bouncer too.
    expect((await project.summary()).rows).toMatchObject({ skipped: rowCount, requested: 0 });
  });

  it('isolates rows that the target refuses', async () => {
    await using project = await PipelineProject.create(pipeline(table, {}));
    await database.client.query(
      'CREATE TABLE answers (id bigint PRIMARY KEY CHECK (id <> 77), answer text, written text, request_hash text)',
    );
    expect((await project.summary()).rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
  });

  it('lets two pipelines work at once', async () => {
    await using project = await PipelineProject.create();
    for (const [name, where] of [
      ['odd', 'id % 2 = 1'],
      ['even', 'id % 2 = 0'],
    ] as const)
      await project.write(`${name}.yaml`, pipeline({ ...table, where }, {}));
    const ended = await Promise.all([project.cli('run', 'odd.yaml'), project.cli('run', 'even.yaml')]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    const { rows } = await database.client.query('SELECT count(*)::int AS count FROM answers');
    expect(rows).toEqual([{ count: rowCount }]);
  });
});
