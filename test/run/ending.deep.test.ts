import { rm, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { acceptedBatches } from '../support/bill.ts';
import { createDatabase } from '../support/database.ts';
import { allButFirst, holdBatches } from '../support/held-batches.ts';
import type { CliResult, PipelineProject } from '../support/pipeline-process.ts';
import { jsonResponse, type Middleware } from '../support/proxy.ts';
import { answers, expected, rowCount, runSql, scene, useNotes, type Parts } from './scene.ts';

useNotes();

const table = 'CREATE TABLE answers (id bigint PRIMARY KEY, answer text, attempt int, request_hash text)';
const twoFiles: Parts = { batch: { max_requests: 6 }, sink: { create: false } };

interface Ended {
  readonly status: string;
  readonly rows: { readonly ok: number; readonly failed: number; readonly pending: number };
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

const ended = ({ stdout }: CliResult): Ended => JSON.parse(stdout) as Ended;

/** Sends everything and leaves it at the provider. */
async function leave(own: PipelineProject): Promise<string> {
  const { run_id: runId } = await own.summary(3, '--no-wait');
  return runId;
}

/** A provider that can be told to refuse whatever is asked of it. */
interface Refusal {
  current: ReturnType<typeof jsonResponse> | null;
}

function gate(refusal: Refusal): Middleware {
  return async (_request, forward) => refusal.current ?? forward();
}

const unknown = jsonResponse(404, { error: { message: 'No batch found.' } });
const unauthorized = jsonResponse(401, { error: { message: 'Incorrect API key.', code: 'invalid_api_key' } });

it.each(['upsert', 'insert'] as const)(
  'keeps the answers where the target was dropped, to be loaded by %s once it is there',
  async (mode) => {
    const held = allButFirst();
    await runSql(table);
    await using setting = await scene(() => held.middleware, {
      ...twoFiles,
      sink: { create: false, mode, unchanged: 'send' },
    });
    const { project: own, emulator } = setting;
    const runId = await leave(own);
    await expect.poll(async () => (await own.cli('collect', '--quiet')) && (await answers()).length).toBe(6);
    held.release();
    await runSql('DROP TABLE answers');
    const cancelled = await own.cli('cancel', runId, '--json');
    expect({ code: cancelled.code, ...ended(cancelled) }).toMatchObject({
      code: 1,
      status: 'cancelled',
      rows: { ok: 6, pending: 6 },
      error: { code: 'answers_not_loaded', hint: expect.stringContaining(`--run ${runId}`) },
    });
    const early = await own.cli('load', 'pipeline.yaml', '--run', runId);
    expect({ code: early.code, status: (await own.status()).status }).toEqual({
      code: 2,
      status: 'cancelled',
    });
    expect((await own.cli('status', 'pipeline.yaml')).stdout).toContain(`--run ${runId} loads them`);
    await runSql(table);
    const loaded = await own.cli('load', 'pipeline.yaml', '--run', runId, '--json');
    expect({ code: loaded.code, ...ended(loaded) }).toMatchObject({
      code: 0,
      status: 'cancelled',
      rows: { ok: rowCount, pending: 0 },
    });
    expect(await answers()).toEqual(expected(() => 1));
    expect(await own.cli('cancel', runId)).toMatchObject({ code: 2 });
    expect(acceptedBatches(await emulator.bill())).toBe(2);
  },
);

it('needs neither the source, nor the database of the target, to keep the answers', async () => {
  const held = holdBatches();
  const make =
    'CREATE TABLE notes AS SELECT n::bigint AS id, $$note $$ || n AS body FROM generate_series(1, 12) n';
  const database = await createDatabase();
  await database.client.query(`${make}; ALTER TABLE notes ADD PRIMARY KEY (id); ${table}`);
  const { url } = database;
  await using setting = await scene(() => held.middleware, {
    source: { url },
    sink: { url, create: false },
  });
  const { project: own } = setting;
  const runId = await leave(own);
  held.release();
  await database[Symbol.asyncDispose]();
  const { code, stdout, stderr } = await own.cli('cancel', runId);
  expect({ code, stdout, stderr }).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('is cancelled'),
    stderr: expect.stringMatching(/error: .*the answers of 1 file could not be loaded/),
  });
  await using other = await createDatabase();
  await other.client.query(table);
  const set = ['--set', `sink.url=${other.url}`];
  expect(await own.cli('load', 'pipeline.yaml', '--run', runId, ...set)).toMatchObject({ code: 0 });
  const { rows } = await other.client.query('SELECT FROM answers');
  expect(rows).toHaveLength(rowCount);
});

it.each([
  ['the batches are unknown', unknown],
  ['the key is refused', unauthorized],
])('ends a run where %s, says what may still run, and takes it up when told to', async (_, answer) => {
  const refusal: Refusal = { current: null };
  const held = holdBatches();
  const middleware: Middleware = (request, forward) =>
    gate(refusal)(request, () => held.middleware(request, forward));
  await using setting = await scene(() => middleware);
  const { project: own, emulator } = setting;
  const runId = await leave(own);
  refusal.current = answer;
  const cancelled = await own.cli('cancel', runId, '--json');
  expect({ code: cancelled.code, ...ended(cancelled) }).toMatchObject({
    code: 1,
    status: 'cancelled',
    rows: { pending: rowCount },
    error: { code: 'batches_unreached', message: expect.stringMatching(/cost money: batch_\w+\./) },
  });
  expect((await own.status()).status).toBe('cancelled');
  expect((await own.cli('status', 'pipeline.yaml')).stdout).toMatch(
    /left behind\n {2}batches that could not be reached: 1; pipeline cancel/,
  );
  expect(await own.cli('collect')).toMatchObject({ code: 0, stdout: 'Nothing is unfinished.\n' });
  refusal.current = null;
  held.release();
  // What was left behind comes home, without another batch.
  expect(await own.cli('cancel', runId, '--quiet')).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
  expect(acceptedBatches(await emulator.bill())).toBe(1);
});

it('begins the next run beside batches that stay unknown', async () => {
  const held = holdBatches();
  const gone = new Set<string>();
  let isGone = false;
  const middleware: Middleware = async (request, forward) => {
    const [, , batch = ''] = request.path.split('/');
    if (isGone && gone.has(batch)) return unknown;
    if (!isGone && batch.startsWith('batch_')) gone.add(batch);
    return held.middleware(request, forward);
  };
  // Its rows take up most of the room, and are never known to have left it.
  await using setting = await scene(() => middleware, { batch: { max_enqueued_tokens: 150 } });
  const { project: own } = setting;
  const runId = await leave(own);
  isGone = true;
  expect(await own.cli('cancel', runId)).toMatchObject({ code: 1 });
  held.release();
  expect((await own.summary()).rows).toMatchObject({ requested: rowCount, ok: rowCount });
});

it('ends a run whose create is in doubt and cannot be looked for', async () => {
  let isGone = false;
  const cut: Middleware = async ({ method, path }, forward) => {
    if (isGone) return unauthorized;
    if (method !== 'POST' || path !== '/batches') return forward();
    await forward();
    isGone = true;
    throw new Error('cut');
  };
  await using setting = await scene(() => cut);
  const { project: own, emulator } = setting;
  expect((await own.run()).code).toBe(1);
  const { run_id: runId } = await own.status();
  const { code, stderr } = await own.cli('cancel', runId);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('the one of file 1, if there is one'),
  });
  isGone = false;
  await own.cli('cancel', runId);
  expect(await answers()).toEqual(expected(() => 1));
  expect(acceptedBatches(await emulator.bill())).toBe(1);
});

it.each(['the files of the run', 'the pipeline file'] as const)(
  'ends a run where %s cannot be found',
  async (what) => {
    const held = holdBatches();
    await using setting = await scene(() => held.middleware);
    const { project: own, emulator } = setting;
    const runId = await leave(own);
    held.release();
    const folder = join(own.stateDir, 'runs', runId);
    const text = await own.read('pipeline.yaml');
    if (what === 'the pipeline file') await rm(own.path('pipeline.yaml'));
    else for (const name of await readdir(folder)) await rm(join(folder, name));
    const { code, stderr } = await own.cli('cancel', runId);
    const said = what === 'the pipeline file' ? 'may still run' : 'which rows were sent is gone';
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(said) });
    await own.write('pipeline.yaml', JSON.parse(text) as object);
    expect((await own.status()).status).toBe('cancelled');
    expect((await own.summary()).rows).toMatchObject({ requested: rowCount, ok: rowCount });
    expect(acceptedBatches(await emulator.bill())).toBe(2);
  },
);

it('ends a run whose sink was edited so that its rows do not fit', async () => {
  const held = holdBatches();
  await using setting = await scene(() => held.middleware);
  const { project: own } = setting;
  const runId = await leave(own);
  held.release();
  const before = JSON.parse(await own.read('pipeline.yaml')) as { sink: object };
  const columns = { answer: 'text', attempt: 'attempt', title: 'row.title' };
  await own.write('pipeline.yaml', { ...before, sink: { ...before.sink, columns } });
  const { code, stderr } = await own.cli('cancel', runId);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('answers are kept') });
  await own.write('pipeline.yaml', before);
  expect(await own.cli('load', 'pipeline.yaml', '--run', runId)).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
});

it('brings home what it can reach beside what it cannot', async () => {
  const held = holdBatches();
  let refused: string | undefined = '';
  const middleware: Middleware = (request, forward) => {
    const [, , batch] = request.path.split('/');
    if (refused === '' || batch === undefined || !batch.startsWith('batch_'))
      return held.middleware(request, forward);
    refused ??= batch;
    return batch === refused ? Promise.resolve(unauthorized) : forward();
  };
  await runSql(table);
  await using setting = await scene(() => middleware, twoFiles);
  const { project: own } = setting;
  const runId = await leave(own);
  held.release();
  refused = undefined;
  const { code, stderr } = await own.cli('cancel', runId);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('1 batch could not be reached'),
  });
  expect(await answers()).toHaveLength(6);
  refused = '';
  expect(await own.cli('cancel', runId)).toMatchObject({ code: 0 });
  expect(await answers()).toEqual(expected(() => 1));
});

it('keeps answers that several rows share for all of them', async () => {
  const held = holdBatches();
  await runSql(table);
  await using setting = await scene(() => held.middleware, {
    request: { prompt: '{{ id | modulo: 3 }}', dedupe: true },
    sink: { create: false },
  });
  const { project: own, emulator } = setting;
  const runId = await leave(own);
  held.release();
  await runSql('DROP TABLE answers');
  expect(await own.cli('cancel', runId)).toMatchObject({ code: 1 });
  await runSql(table);
  expect(await own.cli('load', 'pipeline.yaml', '--run', runId)).toMatchObject({ code: 0 });
  expect((await answers()).map(({ id }) => id)).toEqual(expected(() => 1).map(({ id }) => id));
  expect((await own.status()).rows).toMatchObject({ ok: rowCount, pending: 0 });
  // Again, and into a table that was emptied.
  await runSql('TRUNCATE answers');
  expect(await own.cli('load', 'pipeline.yaml', '--run', runId)).toMatchObject({ code: 0 });
  expect(await answers()).toHaveLength(rowCount);
  expect(acceptedBatches(await emulator.bill())).toBe(1);
});

it('says how many were left where the target does not take them any more', async () => {
  const held = holdBatches();
  await runSql(table);
  await using setting = await scene(() => held.middleware, {
    request: { prompt: '{{ id | modulo: 3 }}', dedupe: true },
    sink: { create: false },
    batch: { max_requests: 2 },
  });
  const { project: own } = setting;
  const runId = await leave(own);
  held.release();
  await runSql('DROP TABLE answers');
  const first = ended(await own.cli('cancel', runId, '--json'));
  expect(first.error?.message).toContain('the answers of 2 files');
  // Still gone: nothing changes.
  const again = await own.cli('cancel', runId, '--json');
  expect({ code: again.code, ...ended(again) }).toMatchObject({ code: 1, status: 'cancelled' });
  await runSql(table);
  expect(await own.cli('cancel', runId)).toMatchObject({ code: 0 });
  expect(await answers()).toHaveLength(rowCount);
});
