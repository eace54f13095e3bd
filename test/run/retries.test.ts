import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy, jsonResponse, type Middleware } from '../support/proxy.ts';
import {
  failedWith,
  neverRan,
  rewriteResults,
  type ResultLine,
  type Rewrite,
} from '../support/result-rewriter.ts';

const rowCount = 12;
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, ${rowCount}) n`);
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await database.client.query('DROP TABLE IF EXISTS answers');
});

type Block = Readonly<Record<string, unknown>>;

interface Parts {
  readonly batch?: Block;
  readonly request?: Block;
  readonly rest?: Block;
}

function pipeline(url: string, { batch, request, rest }: Parts = {}): object {
  return {
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', ...request },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: rowCount, ...batch },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text', attempt: 'attempt' },
    },
    ...rest,
  };
}

interface Scene extends AsyncDisposable {
  readonly project: PipelineProject;
  readonly emulator: TestEmulator;
}

/** A project whose provider is an emulator behind a middleware. */
async function scene(
  middleware: (target: string) => Middleware,
  parts: Parts = {},
  options: { readonly batchEnds?: boolean } = {},
): Promise<Scene> {
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(
    await createEmulator(options.batchEnds === false ? { latencyMs: 60_000 } : {}),
  );
  const proxy = resources.use(await createProxy(emulator.url, middleware(emulator.url)));
  const project = resources.use(await PipelineProject.create(pipeline(proxy.url, parts)));
  const kept = resources.move();
  return { project, emulator, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function rewriting(rewrite: Rewrite): (target: string) => Middleware {
  return (target) => rewriteResults(target, rewrite);
}

const isOdd = ({ custom_id: id }: ResultLine) => Number(id) % 2 === 1;
const rateLimit = { code: 'rate_limit_exceeded', message: 'Rate limit reached.' };
const serverError = { code: 'server_error', message: 'The server had an error.' };
const contentPolicy = { code: 'content_policy_violation', message: 'This is "not" allowed.' };

async function answers(): Promise<readonly { id: number; answer: string; attempt: number }[]> {
  const { rows } = await database.client.query<{ id: string; answer: string; attempt: string }>(
    'SELECT id::text, answer, attempt::text FROM answers ORDER BY answers.id',
  );
  return rows.map(({ id, answer, attempt }) => ({ id: Number(id), answer, attempt: Number(attempt) }));
}

function expected(attempt: (id: number) => number) {
  return Array.from({ length: rowCount }, (_, index) => {
    const id = index + 1;
    return { id, answer: promptAnswer(`note ${id}`), attempt: attempt(id) };
  });
}

async function errorsOf(project: PipelineProject): Promise<readonly Record<string, unknown>[]> {
  const { stdout, code } = await project.cli('errors', 'pipeline.yaml', '--json');
  expect(code).toBe(0);
  return parseLines(stdout);
}

function parseLines(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function failedRowsFile(project: PipelineProject): Promise<readonly Record<string, unknown>[]> {
  const { run_id: runId } = await project.status();
  return parseLines(await readFile(join(project.stateDir, 'runs', runId, 'failed-rows.jsonl'), 'utf8'));
}

describe('rows that fail in a way that passes', () => {
  it.each([
    ['with a 429', (line: ResultLine) => failedWith(line, 429, rateLimit), 2],
    ['with a 500', (line: ResultLine) => failedWith(line, 500, serverError), 2],
    ['since their batch expired', (line: ResultLine) => neverRan(line, 'batch_expired'), 1],
  ])('%s are sent again', async (_name, fail, attempt) => {
    await using setting = await scene(
      rewriting((lines, batch) =>
        batch > 1
          ? { output: lines, errors: null }
          : { output: lines.filter((line) => !isOdd(line)), errors: lines.filter(isOdd).map(fail) },
      ),
    );
    const summary = await setting.project.summary();
    expect(summary.status).toBe('completed');
    expect(summary.rows).toMatchObject({ requested: rowCount, ok: rowCount, failed: 0, pending: 0 });
    expect(summary.batches).toMatchObject({ total: 2, completed: 2 });
    expect(await answers()).toEqual(expected((id) => (id % 2 === 1 ? attempt : 1)));
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount + rowCount / 2);
  });

  it('count as missing where they stand in neither file, and are sent again', async () => {
    await using setting = await scene(
      rewriting((lines, batch) => ({
        output: batch > 1 ? lines : lines.filter((line) => !isOdd(line)),
        errors: null,
      })),
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('are sent again where the batch has no result file at all', async () => {
    await using setting = await scene(
      rewriting((lines, batch) => ({ output: batch > 1 ? lines : null, errors: null })),
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(2);
  });

  it('are given up after batch.max_attempts', async () => {
    await using setting = await scene(
      rewriting((lines) => ({
        output: lines.filter((line) => line.custom_id !== '7'),
        errors: lines
          .filter((line) => line.custom_id === '7')
          .map((line) => failedWith(line, 500, serverError)),
      })),
      { batch: { max_attempts: 4 } },
    );
    const summary = await setting.project.summary(1);
    expect(summary.status).toBe('completed_with_failures');
    expect(summary.rows).toMatchObject({ requested: rowCount, ok: rowCount - 1, failed: 1, pending: 0 });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(4);
    expect(await errorsOf(setting.project)).toMatchObject([
      { key: '7', stage: 'request', code: 'server_error', attempts: 4 },
    ]);
  });

  it('are given up after ten submissions where the provider never runs them', async () => {
    await using setting = await scene(
      rewriting((lines) => ({
        output: lines.filter((line) => line.custom_id !== '7'),
        errors: lines.filter((line) => line.custom_id === '7').map((line) => neverRan(line, 'batch_expired')),
      })),
    );
    expect((await setting.project.summary(1)).rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(10);
    expect(await errorsOf(setting.project)).toMatchObject([
      { key: '7', stage: 'request', code: 'never_ran', attempts: 0 },
    ]);
  });

  it('are sent again over several files', async () => {
    const seen = new Set<string>();
    await using setting = await scene(
      rewriting((lines) => {
        const fresh = lines.filter((line) => !seen.has(line.custom_id));
        for (const { custom_id: id } of fresh) seen.add(id);
        const failed = fresh.filter((line) => Number(line.custom_id) % 3 !== 0);
        return {
          output: lines.filter((line) => !failed.includes(line)),
          errors: failed.map((line) => failedWith(line, 503, serverError)),
        };
      }),
      { batch: { max_requests: 3 } },
    );
    const summary = await setting.project.summary();
    expect(summary.rows).toMatchObject({ requested: rowCount, ok: rowCount, failed: 0, pending: 0 });
    expect(await answers()).toEqual(expected((id) => (id % 3 === 0 ? 1 : 2)));
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount + 8);
  });
});

const row5Fails: Rewrite = (lines) => ({
  output: lines.filter((line) => line.custom_id !== '5'),
  errors: lines.filter((line) => line.custom_id === '5').map((line) => failedWith(line, 400, contentPolicy)),
});

describe('rows that fail for good', () => {
  it('are recorded with their reason and their request', async () => {
    await using setting = await scene(rewriting(row5Fails));
    const summary = await setting.project.summary(1);
    expect(summary.rows).toMatchObject({ ok: rowCount - 1, failed: 1 });
    const failure = {
      key: '5',
      custom_id: '5',
      stage: 'request',
      code: 'content_policy_violation',
      message: 'This is "not" allowed.',
      attempts: 1,
      batch_id: expect.stringMatching(/^batch_/),
    };
    expect(await errorsOf(setting.project)).toEqual([failure]);
    const [row] = await failedRowsFile(setting.project);
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'note 5' }] };
    expect({ ...row, request: JSON.parse(String(row?.['request'])) as unknown }).toEqual({
      ...failure,
      request: { custom_id: '5', method: 'POST', url: '/v1/chat/completions', body },
    });
  });

  it('are no failure of the run within max_failed_rows', async () => {
    await using setting = await scene(rewriting(row5Fails), { rest: { max_failed_rows: 1 } });
    expect((await setting.project.summary(0)).status).toBe('completed_with_failures');
    expect((await setting.project.summary(0, '--full-refresh', '--max-failed-rows', '10%')).rows.failed).toBe(
      1,
    );
    expect((await setting.project.summary(1, '--full-refresh', '--max-failed-rows', '5%')).rows.failed).toBe(
      1,
    );
  });

  it('have the first success of the two files win, whatever else they say', async () => {
    await using setting = await scene(
      rewriting((lines) => ({
        output: [...lines, ...lines, { ...(lines[0] as ResultLine), custom_id: 'stranger' }, '{"broken'],
        errors: lines.map((line) => failedWith(line, 400, contentPolicy)),
      })),
    );
    const { code, stderr } = await setting.project.run();
    expect(code).toBe(0);
    expect(stderr).toMatch(/1 answers to no row.* 1 unreadable/);
    expect(await answers()).toEqual(expected(() => 1));
  });
});

function spoil(line: ResultLine): ResultLine {
  const text = JSON.stringify(line).replace(/"content":"(?:[^"\\]|\\.)*"/, '"content":"no JSON"');
  return JSON.parse(text) as ResultLine;
}

describe('answers that do not fit the schema', () => {
  const output = {
    schema: {
      type: 'object',
      properties: { tag: { type: 'string' } },
      required: ['tag'],
      additionalProperties: false,
    },
  };

  const firstAnswersSpoilt = rewriting((lines, batch) => ({
    output: batch > 1 ? lines : lines.map(spoil),
    errors: null,
  }));

  it('fail by on_invalid: fail', async () => {
    await using setting = await scene(firstAnswersSpoilt, { request: { output } });
    expect((await setting.project.summary(1)).rows).toMatchObject({ ok: 0, failed: rowCount });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(1);
    const failures = await errorsOf(setting.project);
    expect(failures).toHaveLength(rowCount);
    expect(failures[0]).toMatchObject({ stage: 'answer', attempts: 1, key: '1' });
  });

  it('are asked for again by on_invalid: retry', async () => {
    await using setting = await scene(firstAnswersSpoilt, {
      request: { output: { ...output, on_invalid: 'retry' } },
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount, failed: 0 });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(2);
    expect(await errorsOf(setting.project)).toEqual([]);
  });
});

/** Refuses the first so many batches as the provider's validation does. */
function refusing(times: number, errors: readonly object[]): () => Middleware {
  const refused = new Set<string>();
  return () =>
    async ({ method, path }, forward) => {
      const response = await forward();
      if (method === 'POST' && path === '/batches' && refused.size < times) {
        const { id } = JSON.parse(response.body.toString()) as { id: string };
        refused.add(`/batches/${id}`);
      }
      if (method !== 'GET' || !refused.has(path)) return response;
      const batch = JSON.parse(response.body.toString()) as object;
      const none = { output_file_id: null, error_file_id: null };
      return jsonResponse(200, {
        ...batch,
        ...none,
        status: 'failed',
        errors: { object: 'list', data: errors },
      });
    };
}

describe('a batch that the provider refuses', () => {
  it('loses the lines that are named; the others are sent again', async () => {
    const errors = [
      { code: 'invalid_request', line: 3, message: 'Line 3 is wrong.', param: 'body' },
      { code: null, line: 12, message: 'Line 12 too.', param: null },
    ];
    await using setting = await scene(refusing(1, errors));
    const summary = await setting.project.summary(1);
    expect(summary.rows).toMatchObject({ requested: rowCount, ok: 10, failed: 2, pending: 0 });
    expect(summary.batches).toMatchObject({ total: 2, completed: 1, failed: 1 });
    expect(await errorsOf(setting.project)).toMatchObject([
      { key: '3', stage: 'request', code: 'invalid_request', message: 'Line 3 is wrong.', attempts: 0 },
      { key: '12', stage: 'request', message: 'Line 12 too.', attempts: 0 },
    ]);
    const kept = expected(() => 1).filter(({ id }) => id !== 3 && id !== 12);
    expect(await answers()).toEqual(kept);
  });

  it('is sent once more where no line is named', async () => {
    await using setting = await scene(refusing(1, [{ code: 'server_error', line: null, message: 'Oops.' }]));
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
  });

  it('ends the run where it is refused again, and can be gone on with', async () => {
    await using setting = await scene(refusing(2, [{ code: 'bad_file', line: null, message: 'Bad file.' }]));
    const { code, stderr } = await setting.project.run();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: The provider refused file 1: Bad file\./m);
    expect(stderr).toMatch(/^hint: .*same command again/m);
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
  });
});

describe('a create whose reply is lost', () => {
  it('is found again and not repeated', async () => {
    let cut = 0;
    await using setting = await scene(
      () =>
        async ({ method, path }, forward) => {
          const response = await forward();
          if (method === 'POST' && path === '/batches' && (cut += 1) % 2 === 1) throw new Error('cut');
          return response;
        },
      { batch: { max_requests: 4 } },
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount);
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('is found also where the batch appears only a moment after the connection was cut', async () => {
    let cut = 0;
    const late: Promise<unknown>[] = [];
    await using setting = await scene(
      () =>
        async ({ method, path }, forward) => {
          if (method !== 'POST' || path !== '/batches' || (cut += 1) > 1) return forward();
          late.push(sleep(100).then(forward));
          throw new Error('cut');
        },
      // The second look comes after this long.
      { batch: { poll_interval: '1s' } },
    );
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    await Promise.all(late);
    expect(acceptedBatches(await setting.emulator.bill())).toBe(1);
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('is repeated where the provider never saw it', async () => {
    let cut = 0;
    await using setting = await scene(() => async ({ method, path }, forward) => {
      if (method === 'POST' && path === '/batches' && (cut += 1) === 1) throw new Error('cut');
      return forward();
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(acceptedBatches(await setting.emulator.bill())).toBe(1);
  });
});

describe('a download that is cut', () => {
  it('is made again until it is whole', async () => {
    let cut = 0;
    await using setting = await scene(() => async ({ path }, forward) => {
      const response = await forward();
      if (!path.endsWith('/content') || (cut += 1) > 1) return response;
      return { ...response, body: response.body.subarray(0, response.body.length - 100) };
    });
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(await answers()).toEqual(expected(() => 1));
    expect(acceptedBatches(await setting.emulator.bill())).toBe(1);
  });
});
