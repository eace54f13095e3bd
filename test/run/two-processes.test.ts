import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptedBatches } from '../support/bill.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy, type Middleware } from '../support/proxy.ts';

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await createEmulator();
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
});

it('never gives up the run of a process that is still at work, whatever was edited', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const middleware: Middleware = async ({ method, path }, forward) => {
    if (method === 'POST' && path === '/files') await released;
    return forward();
  };
  await using proxy = await createProxy(emulator.url, middleware);
  const pipeline = (prompt: string) => ({
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt },
    provider: providerAt(proxy.url),
    batch: promptBatch,
    sink: { type: 'jsonl', path: 'answers.jsonl', columns: { answer: 'text' } },
  });
  await using project = await PipelineProject.create(pipeline('{{ body }}'));
  // Enough rows for the second process to come while the first still reads.
  const rows = Array.from({ length: 400_000 }, (_, row) => `${row},note ${row}\n`);
  await project.write('notes.csv', `id,body\n${rows.join('')}`);
  const reading = Promise.withResolvers<void>();
  const { child, result } = project.watch(['run', 'pipeline.yaml', '--log-format', 'json'], (line) => {
    if (line.includes('"RowsRead"')) reading.resolve();
  });
  await reading.promise;
  child.kill('SIGSTOP');
  await project.write('pipeline.yaml', pipeline('Edited: {{ body }}'));
  try {
    expect(await project.run('--quiet', '--limit', '1', '--set', 'sink.path=one.jsonl')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('Another process'),
    });
    expect(acceptedBatches(await emulator.bill())).toBe(0);
  } finally {
    release();
    child.kill('SIGKILL');
    await result;
  }
});
