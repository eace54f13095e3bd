import { beforeEach, expect, it } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy, jsonResponse, type Middleware } from '../support/proxy.ts';

let emulator: TestEmulator;

beforeEach(async () => {
  emulator = await createEmulator();
  return () => emulator[Symbol.asyncDispose]();
});

async function create(url: string): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: promptBatch,
    sink: { type: 'csv', path: 'answers.csv', columns: { answer: 'text' } },
  });
  await project.write('notes.csv', 'id,body\n1,one\n2,two\n3,three\n');
  return project;
}

it('waits for result files that a completed batch names only later', async () => {
  let looks = 0;
  const middleware: Middleware = async ({ method, path }, forward) => {
    const response = await forward();
    if (method !== 'GET' || !path.startsWith('/batches/')) return response;
    const batch = JSON.parse(response.body.toString()) as { status: string };
    if (batch.status !== 'completed') return response;
    looks += 1;
    return looks > 2 ? response : jsonResponse(200, { ...batch, output_file_id: null });
  };
  await using proxy = await createProxy(emulator.url, middleware);
  await using project = await create(proxy.url);
  expect((await project.summary()).rows).toMatchObject({ ok: 3, failed: 0, pending: 0 });
  expect(paidLines(await emulator.bill())).toHaveLength(3);
});

it('gives up, and buys nothing again, where a batch with answers never names their file', async () => {
  let isLost = true;
  const middleware: Middleware = async ({ method, path }, forward) => {
    const response = await forward();
    if (!isLost || method !== 'GET' || !path.startsWith('/batches/')) return response;
    const batch = JSON.parse(response.body.toString()) as object;
    return jsonResponse(200, { ...batch, output_file_id: null });
  };
  await using proxy = await createProxy(emulator.url, middleware);
  await using project = await create(proxy.url);
  expect(await project.run()).toMatchObject({ code: 1, stderr: expect.stringContaining('names no file') });
  isLost = false;
  expect((await project.summary()).rows).toMatchObject({ ok: 3, failed: 0, pending: 0 });
  expect(paidLines(await emulator.bill())).toHaveLength(3);
});

/** Completed batches say nothing of what was answered, until they are told to. */
function silent(): { readonly middleware: Middleware; readonly speak: () => void } {
  let speaks = false;
  return {
    async middleware({ method, path }, forward) {
      const response = await forward();
      if (method !== 'GET' || !path.startsWith('/batches/') || speaks) return response;
      const batch = JSON.parse(response.body.toString()) as object;
      return jsonResponse(200, { ...batch, output_file_id: null, request_counts: null });
    },
    speak: () => {
      speaks = true;
    },
  };
}

async function runSilent(project: PipelineProject): Promise<string> {
  const { code, stderr } = await project.run();
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('names no file') });
  expect(paidLines(await emulator.bill())).toHaveLength(3);
  return (await project.status()).run_id;
}

it('buys nothing again where a completed batch says nothing at all, until it is given up', async () => {
  const { middleware, speak } = silent();
  await using proxy = await createProxy(emulator.url, middleware);
  await using project = await create(proxy.url);
  const runId = await runSilent(project);
  const retried = project.cli('retry', runId, '--lost');
  await expect.poll(async () => paidLines(await emulator.bill()).length).toBe(6);
  speak();
  expect(await retried).toMatchObject({ code: 0 });
  expect((await project.status()).rows).toMatchObject({ ok: 3, failed: 0, pending: 0 });
});

it('ends a run whose completed batch says nothing at all where it is cancelled', async () => {
  await using proxy = await createProxy(emulator.url, silent().middleware);
  await using project = await create(proxy.url);
  expect(await project.cli('cancel', await runSilent(project))).toMatchObject({ code: 0 });
  expect(await project.status()).toMatchObject({ status: 'cancelled', rows: { ok: 0, pending: 3 } });
  expect(paidLines(await emulator.bill())).toHaveLength(3);
});

it('looks again where the results have fewer lines than were sent', async () => {
  let downloads = 0;
  const middleware: Middleware = async ({ path }, forward) => {
    const response = await forward();
    if (/^\/files\/[^/]+$/.test(path) && downloads === 0)
      return jsonResponse(200, { ...(JSON.parse(response.body.toString()) as object), bytes: 0 });
    if (!path.endsWith('/content')) return response;
    downloads += 1;
    if (downloads > 1) return response;
    return { ...response, body: response.body.subarray(0, response.body.indexOf('\n') + 1) };
  };
  await using proxy = await createProxy(emulator.url, middleware);
  await using project = await create(proxy.url);
  expect((await project.summary()).rows).toMatchObject({ ok: 3, failed: 0, pending: 0 });
  expect(paidLines(await emulator.bill())).toHaveLength(3);
});

it('says so when the account does not know any of its batches', async () => {
  await using proxy = await createProxy(emulator.url, async ({ method, path }, forward) => {
    if (method !== 'GET' || !path.startsWith('/batches/')) return forward();
    return jsonResponse(404, { error: { message: 'No batch found' } });
  });
  await using project = await create(proxy.url);
  const { child, result } = project.watch(['run', 'pipeline.yaml']);
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 60_000);
  expect(await result).toMatchObject({ code: 1, stderr: expect.stringContaining('API key') });
  clearTimeout(giveUp);
});
