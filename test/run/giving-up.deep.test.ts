import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy, jsonResponse, type Middleware } from '../support/proxy.ts';

let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await database.client.query(`
    DROP TABLE IF EXISTS notes, answers;
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 12) n`);
  emulator = await createEmulator();
  return () => emulator[Symbol.asyncDispose]();
});

/** Four rows a file, three files; the source can be continued unless it is a query. */
function pipeline(url: string, batch: object = {}, source: object = { table: 'notes' }): object {
  return {
    source: { type: 'postgres', url: database.url, key: 'id', ...source },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: 4, ...batch },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      create: true,
      columns: { answer: 'text' },
    },
  };
}

const query = { query: 'SELECT id, body FROM notes ORDER BY id' };
const refusal = jsonResponse(400, { error: { message: 'Billing hard limit reached', code: 'billing' } });

/** Answers creates as `answer` does, by their number from 1, until `heals`. */
class Creates {
  isWell = false;
  seen = 0;
  readonly middleware: Middleware;

  constructor(answer: (create: number, forward: Parameters<Middleware>[1]) => ReturnType<Middleware>) {
    this.middleware = async ({ method, path }, forward) => {
      if (this.isWell || method !== 'POST' || path !== '/batches') return forward();
      this.seen += 1;
      return answer(this.seen, forward);
    };
  }
}

async function paidOnce(): Promise<void> {
  const paid = paidLines(await emulator.bill());
  expect(paid).toHaveLength(12);
  expect(new Set(paid).size).toBe(12);
}

it('does not buy a file again whose creation was broken off by the failure of another', async () => {
  const second = Promise.withResolvers<void>();
  const creates = new Creates(async (create, forward) => {
    if (create === 1) {
      await second.promise;
      return refusal;
    }
    await forward();
    second.resolve();
    return new Promise(() => {});
  });
  await using proxy = await createProxy(emulator.url, creates.middleware);
  // Reading waits for the first two files to leave, and so ends with the first failure.
  await using project = await PipelineProject.create(pipeline(proxy.url, { max_prepared: '1KB' }));
  expect(await project.run()).toMatchObject({ code: 1, stderr: expect.stringContaining('Billing') });
  expect(creates.seen).toBe(2);
  creates.isWell = true;
  expect((await project.summary()).rows).toMatchObject({ ok: 12, failed: 0, pending: 0 });
  await paidOnce();
});

it('buys nothing more once a file was turned down for good', async () => {
  const creates = new Creates(async (create, forward) => (create === 1 ? refusal : forward()));
  await using proxy = await createProxy(emulator.url, creates.middleware);
  await using project = await PipelineProject.create(pipeline(proxy.url, { max_requests: 1 }, query));
  expect((await project.run()).code).toBe(1);
  // Two files leave at a time, so one more may be on its way.
  expect(creates.seen).toBeLessThanOrEqual(3);
  creates.isWell = true;
  expect((await project.summary()).rows).toMatchObject({ ok: 12, failed: 0, pending: 0 });
  await paidOnce();
});

it('does not read the source again for what the provider refuses', async () => {
  const busy = jsonResponse(429, { error: { message: 'Slow down' } });
  const creates = new Creates(async () => ({ ...busy, headers: { 'retry-after-ms': '1' } }));
  await using proxy = await createProxy(emulator.url, creates.middleware);
  await using project = await PipelineProject.create(pipeline(proxy.url, { max_prepared: '1KB' }));
  const { code, stderr } = await project.run();
  expect({ code, isGivenUp: stderr.includes('error: ') }).toEqual({ code: 1, isGivenUp: true });
  expect(stderr).toContain('Slow down');
  expect(stderr).not.toContain('reading failed');
  creates.isWell = true;
  expect((await project.summary()).rows).toMatchObject({ ok: 12, failed: 0, pending: 0 });
  await paidOnce();
});

it('goes on after a batch that was refused twice without saying which line is to blame', async () => {
  let refuses = true;
  const refused = new Set<string>();
  const middleware: Middleware = async ({ method, path }, forward) => {
    const response = await forward();
    if (method !== 'GET' || !path.startsWith('/batches/')) return response;
    if (refuses) refused.add(path);
    if (!refused.has(path)) return response;
    const batch = JSON.parse(response.body.toString()) as object;
    const errors = { object: 'list', data: [{ code: 'server', message: 'Out of order', line: null }] };
    return jsonResponse(200, { ...batch, status: 'failed', output_file_id: null, errors });
  };
  await using proxy = await createProxy(emulator.url, middleware);
  await using project = await PipelineProject.create(pipeline(proxy.url, { max_requests: 12 }));
  expect(await project.run()).toMatchObject({ code: 1, stderr: expect.stringContaining('Out of order') });
  expect(proxy.log.filter((line) => line === 'POST /batches')).toHaveLength(2);
  refuses = false;
  expect((await project.summary()).rows).toMatchObject({ ok: 12, failed: 0, pending: 0 });
});

it('gives up creating a batch that the provider never takes', async () => {
  const creates = new Creates(async () => jsonResponse(503, { error: { message: 'Overloaded' } }));
  await using proxy = await createProxy(emulator.url, creates.middleware);
  await using project = await PipelineProject.create(pipeline(proxy.url, { max_requests: 12 }));
  const { child, result } = project.watch(['run', 'pipeline.yaml']);
  while (creates.seen < 3) await sleep(50);
  child.kill('SIGINT');
  expect(await result).toMatchObject({ code: 130, stderr: expect.stringContaining('Overloaded') });
  creates.isWell = true;
  expect((await project.summary()).rows).toMatchObject({ ok: 12, failed: 0, pending: 0 });
  await paidOnce();
});

it('stops at once when it is interrupted in the middle of a download', async () => {
  const asked = Promise.withResolvers<void>();
  let stalls = true;
  const middleware: Middleware = async ({ path }, forward) => {
    const response = await forward();
    if (!stalls || !path.endsWith('/content')) return response;
    asked.resolve();
    return { ...response, stallsAfter: 10 };
  };
  await using proxy = await createProxy(emulator.url, middleware);
  await using project = await PipelineProject.create(pipeline(proxy.url));
  const { child, result } = project.watch(['run', 'pipeline.yaml']);
  await asked.promise;
  await sleep(200);
  child.kill('SIGINT');
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 60_000);
  expect(await result).toMatchObject({ code: 130 });
  clearTimeout(giveUp);
  stalls = false;
  expect((await project.summary()).rows).toMatchObject({ ok: 12, failed: 0, pending: 0 });
  await paidOnce();
});
