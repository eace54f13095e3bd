import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  database = await createDatabase();
  emulator = await createEmulator();
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await database.client.query(`
    DROP TABLE IF EXISTS notes, answers;
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 10) n`);
});

type Block = Readonly<Record<string, unknown>>;

interface Parts {
  readonly source?: Block;
  readonly request?: Block;
  readonly batch?: Block;
  readonly sink?: Block;
}

function pipeline({ source, request, batch, sink }: Parts = {}): object {
  return {
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id', ...source },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', ...request },
    provider: providerAt(emulator.url),
    batch: { ...promptBatch, max_requests: 4, ...batch },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text' },
      ...sink,
    },
  };
}

/** Lines that were paid for since the last call. */
let paidBefore = 0;
async function newlyPaid(): Promise<number> {
  const paid = paidLines(await emulator.bill()).length;
  const fresh = paid - paidBefore;
  paidBefore = paid;
  return fresh;
}

describe('the next run of a pipeline whose table keeps request_hash', () => {
  it('sends what is new or changed, and nothing else', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline());
    await project.summary();
    expect(await newlyPaid()).toBe(10);

    const again = await project.run();
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was sent') });
    expect(await newlyPaid()).toBe(0);
    expect((await project.status()).rows).toMatchObject({ read: 10, skipped: 10, requested: 0, ok: 0 });

    await database.client.query(`UPDATE notes SET body = 'changed' WHERE id = 7`);
    await database.client.query(`INSERT INTO notes VALUES (11, 'new')`);
    const third = await project.summary();
    expect(third.rows).toMatchObject({ read: 11, skipped: 9, requested: 2, ok: 2 });
    expect(await newlyPaid()).toBe(2);
    const { rows } = await database.client.query('SELECT answer FROM answers WHERE id = 7');
    expect(rows).toEqual([{ answer: promptAnswer('changed') }]);
  });

  it('sends everything with --full-refresh', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline());
    await project.summary();
    const second = await project.summary(0, '--full-refresh');
    expect(second.rows).toMatchObject({ skipped: 0, requested: 10, ok: 10 });
    expect(await newlyPaid()).toBe(20);
  });

  it('reads only what --limit and --where let through', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline());
    expect((await project.summary(0, '--limit', '6')).rows).toMatchObject({ records: 6, ok: 6 });
    const rest = await project.summary(0, '--where', 'id > 4');
    expect(rest.rows).toMatchObject({ records: 6, skipped: 2, ok: 4 });
    expect(await newlyPaid()).toBe(10);
  });

  it('remembers the rows that failed for good', async () => {
    await newlyPaid();
    await database.client.query(
      'CREATE TABLE answers (id bigint PRIMARY KEY CHECK (id NOT IN (3, 5)), answer text, request_hash text)',
    );
    await using project = await PipelineProject.create(pipeline());
    const first = await project.summary(1);
    expect(first.status).toBe('completed_with_failures');
    expect(first.rows).toMatchObject({ requested: 10, ok: 8, failed: 2, pending: 0 });
    expect(await newlyPaid()).toBe(10);
    expect((await project.summary()).rows).toMatchObject({ skipped: 10, requested: 0, failed: 0 });
    await database.client.query(`UPDATE notes SET body = 'other' WHERE id = 3`);
    expect((await project.summary(1)).rows).toMatchObject({ skipped: 9, requested: 1, failed: 1 });
    expect(await newlyPaid()).toBe(1);
    expect((await project.summary(1, '--full-refresh')).rows).toMatchObject({ ok: 8, failed: 2 });
  });

  it('never sends rows whose prompt is empty, and reports them once', async () => {
    await newlyPaid();
    await database.client.query(`UPDATE notes SET body = '' WHERE id IN (3, 5)`);
    await using project = await PipelineProject.create(pipeline());
    const first = await project.summary(1);
    expect(first.rows).toMatchObject({ requested: 10, ok: 8, failed: 2, pending: 0 });
    expect((await project.summary()).rows).toMatchObject({ skipped: 10, requested: 0, failed: 0 });
    await database.client.query(`UPDATE notes SET body = 'no longer empty' WHERE id = 3`);
    expect((await project.summary()).rows).toMatchObject({ skipped: 9, requested: 1, ok: 1 });
    expect(await newlyPaid()).toBe(9);
    expect((await project.summary(0, '--full-refresh', '--max-failed-rows', '1')).status).toBe(
      'completed_with_failures',
    );
  });
});

describe('the next run of a pipeline whose table keeps no request_hash', () => {
  it('needs --new-run', async () => {
    await newlyPaid();
    await database.client.query('CREATE TABLE answers (id bigint PRIMARY KEY, answer text)');
    await using project = await PipelineProject.create(pipeline());
    const { run_id: first } = await project.summary();
    const refused = await project.run();
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(new RegExp(`^error: Run ${first} .*10 rows`, 'm'));
    expect(refused.stderr).toMatch(/^hint: .*request_hash.*--new-run/m);
    expect(await newlyPaid()).toBe(10);
    const second = await project.summary(0, '--new-run');
    expect(second.run_id).not.toBe(first);
    expect(second.rows).toMatchObject({ requested: 10, ok: 10 });
    expect(await newlyPaid()).toBe(10);
  });
});

/** Starts a run and kills it once a batch of it is submitted. */
async function breakOff(project: PipelineProject, ...flags: readonly string[]): Promise<void> {
  const args = ['run', 'pipeline.yaml', '--log-format', 'json', ...flags];
  const { child, result } = project.watch(args, (line) => {
    if (line.includes('"BatchSubmitted"')) child.kill('SIGKILL');
  });
  expect((await result).code).toBeNull();
}

describe('an unfinished run', () => {
  it('is gone on with by the same command, which says so first', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline());
    await breakOff(project);
    const unfinished = await project.status();
    expect(unfinished.status).toBe('running');
    const { code, stderr } = await project.run();
    expect(code).toBe(0);
    expect(stderr.split('\n')[0]).toContain(unfinished.run_id);
    expect(stderr.split('\n')[0]).toMatch(/resum|continu|go(es|ing) on/i);
    expect((await project.status()).run_id).toBe(unfinished.run_id);
    expect(await newlyPaid()).toBe(10);
  });

  it('reads no more than its --limit, also when it was broken off', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline({ batch: { max_requests: 2 } }));
    await breakOff(project, '--limit', '6');
    expect((await project.summary(0, '--limit', '6')).rows).toMatchObject({
      records: 6,
      requested: 6,
      ok: 6,
    });
    expect(await newlyPaid()).toBe(6);
  });

  it('is not gone on with by other requests', async () => {
    await using project = await PipelineProject.create(pipeline());
    await breakOff(project);
    const unfinished = await project.status();
    await newlyPaid();
    await project.write('pipeline.yaml', pipeline({ request: { prompt: 'Better: {{ body }}' } }));
    const refused = await project.run();
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(unfinished.run_id);
    expect(refused.stderr).toMatch(/request\.prompt: "\{\{ body \}\}" -> "Better: \{\{ body \}\}"/);
    expect(refused.stderr).toMatch(/^hint: .*--new-run/m);
    expect(await newlyPaid()).toBe(0);
    const other = await project.summary(0, '--new-run');
    expect(other.rows).toMatchObject({ requested: 10, ok: 10 });
    expect(other.run_id).not.toBe(unfinished.run_id);
  });

  it('takes up what may change at any time', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline());
    await breakOff(project);
    await database.client.query('ALTER TABLE answers ADD COLUMN model text');
    const changed = pipeline({
      batch: { max_requests: 3 },
      sink: { columns: { answer: 'text', model: 'model' } },
    });
    await project.write('pipeline.yaml', { ...changed, max_failed_rows: '10%' });
    expect((await project.summary()).rows).toMatchObject({ records: 10, requested: 10, ok: 10 });
    expect(await newlyPaid()).toBe(10);
    const { rows } = await database.client.query('SELECT DISTINCT model FROM answers');
    expect(rows).toEqual([{ model: 'gpt-4o-mini' }]);
  });

  it('belongs to one process at a time', async () => {
    await newlyPaid();
    await using slow = await createEmulator({ latencyMs: 60_000 });
    await using project = await PipelineProject.create({ ...pipeline(), provider: providerAt(slow.url) });
    const submitted = Promise.withResolvers<void>();
    const first = project.watch(['run', 'pipeline.yaml', '--log-format', 'json'], (line) => {
      if (line.includes('"BatchSubmitted"')) submitted.resolve();
    });
    await submitted.promise;
    const second = await project.run();
    expect(second).toMatchObject({ code: 4, stdout: '' });
    expect(second.stderr).toMatch(/^error: Another process/m);
    first.child.kill('SIGINT');
    const stopped = await first.result;
    expect(stopped.code).toBe(130);
    expect((await project.status()).status).toBe('interrupted');
    expect(new Set(paidLines(await slow.bill())).size).toBe(paidLines(await slow.bill()).length);
  });
});

describe('rows of one key', () => {
  it('are one row by on_duplicate_key: first', async () => {
    await newlyPaid();
    const query = `SELECT v.id, v.body FROM (VALUES (1, 'a'), (2, 'b'), (1, 'c'), (2, ''), (3, 'd')) v (id, body)`;
    const { source } = pipeline() as { source: Block };
    await using project = await PipelineProject.create({
      ...pipeline(),
      source: { ...source, table: undefined, query, on_duplicate_key: 'first' },
    });
    expect((await project.summary()).rows).toMatchObject({
      records: 5,
      read: 5,
      skipped: 2,
      requested: 3,
      ok: 3,
      failed: 0,
    });
    const { rows } = await database.client.query('SELECT id, answer FROM answers ORDER BY id');
    expect(rows).toEqual([
      { id: 1, answer: promptAnswer('a') },
      { id: 2, answer: promptAnswer('b') },
      { id: 3, answer: promptAnswer('d') },
    ]);
    expect(await newlyPaid()).toBe(3);
  });
});
