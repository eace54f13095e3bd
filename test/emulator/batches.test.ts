import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { answer } from '../../src/emulator/answers/answer.ts';
import {
  chatBody,
  createBatch,
  jsonl,
  requestLine,
  results,
  runBatch,
  startTestEmulator,
  upload,
  waitFor,
} from './client.ts';

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('a batch', () => {
  test('is answered line by line, in another order, with exactly the answers of its bodies', async () => {
    await using server = await startTestEmulator();
    const bodies = Array.from({ length: 1000 }, (_, row) =>
      chatBody(`ticket ${row}: the invoice is wrong \u2028`),
    );
    const batch = await runBatch(
      server.client,
      jsonl(...bodies.map((body, row) => requestLine(`r${row}`, body))),
    );
    const lines = await results(server.client, batch.output_file_id);
    expect(batch).toMatchObject({
      status: 'completed',
      request_counts: { total: 1000, completed: 1000, failed: 0 },
    });
    expect(batch.error_file_id).toBeNull();
    const ids = lines.map((line) => line.custom_id);
    expect(ids).not.toEqual(bodies.map((_, row) => `r${row}`));
    expect(new Set(ids)).toEqual(new Set(bodies.map((_, row) => `r${row}`)));
    for (const line of lines) {
      const body = bodies[Number(line.custom_id.slice(1))] ?? {};
      expect(line.response).toMatchObject({ status_code: 200, body: answer('/v1/chat/completions', body) });
      expect(line.error).toBeNull();
      expect(line.id).toMatch(/^batch_req_[0-9a-f]{32}$/);
    }
    expect(new Set(lines.map((line) => line.id)).size).toBe(1000);
  });

  test('passes through its states by itself, and its objects have every field', async () => {
    await using server = await startTestEmulator({ latencyMs: 400 });
    const input = await upload(
      server.client,
      jsonl(requestLine('a', chatBody('one')), requestLine('b', chatBody('two'))),
    );
    const created = await server.client.batches.create({
      input_file_id: input,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
      metadata: { batchline_chunk: '1' },
    });
    const unset = Object.fromEntries(
      ['model', 'errors', 'output_file_id', 'error_file_id', 'usage', 'in_progress_at', 'finalizing_at']
        .concat('completed_at', 'failed_at', 'expired_at', 'cancelling_at', 'cancelled_at')
        .map((name) => [name, null]),
    );
    expect(created).toEqual({
      ...unset,
      id: expect.stringMatching(/^batch_[0-9a-f]{32}$/),
      object: 'batch',
      endpoint: '/v1/chat/completions',
      input_file_id: input,
      completion_window: '24h',
      status: 'validating',
      created_at: expect.any(Number),
      expires_at: created.created_at + 86_400,
      request_counts: { total: 0, completed: 0, failed: 0 },
      metadata: { batchline_chunk: '1' },
    });
    expect(Math.abs(created.created_at - Date.now() / 1000)).toBeLessThan(60);
    // Nobody asks for it until its results are there.
    const files = join(server.dataDir, 'files');
    await expect.poll(async () => (await readdir(files)).length).toBeGreaterThan(1);
    const ended = await waitFor(server.client, created.id);
    expect(ended).toMatchObject({ status: 'completed', model: 'gpt-4o-mini', error_file_id: null });
    const [line] = await results(server.client, ended.output_file_id);
    expect(line?.response?.body).toMatchObject({ object: 'chat.completion' });
    const usages = (await results(server.client, ended.output_file_id)).map(
      (each) => each.response?.body['usage'] as { total_tokens: number },
    );
    expect(ended.usage?.total_tokens).toBe(usages.reduce((sum, usage) => sum + usage.total_tokens, 0));
    const order = [ended.created_at, ended.in_progress_at, ended.finalizing_at, ended.completed_at];
    expect(order).toEqual(order.toSorted((one, other) => (one ?? 0) - (other ?? 0)));
  });

  test('puts lines that the API refuses into the error file, and has no output file when all are', async () => {
    await using server = await startTestEmulator();
    const refused = [
      chatBody('x', { temperature: 3 }),
      { model: 'no-such-model', messages: [] },
      { model: 'gpt-4o-mini', messages: [] },
    ].map((body, row) => requestLine(`bad${row}`, { ...body, model: 'm' }));
    const batch = await runBatch(server.client, jsonl(refused[0] ?? '', refused[2] ?? ''));
    expect(batch).toMatchObject({
      status: 'completed',
      output_file_id: null,
      request_counts: { total: 2, completed: 0, failed: 2 },
    });
    const lines = await results(server.client, batch.error_file_id);
    expect(lines.find((line) => line.custom_id === 'bad0')).toMatchObject({
      error: null,
      response: {
        status_code: 400,
        body: {
          error: { type: 'invalid_request_error', param: 'temperature', code: 'decimal_above_max_value' },
        },
      },
    });
    const missing = await runBatch(
      server.client,
      jsonl(requestLine('x', { model: 'no-such-model', messages: [] })),
    );
    const [line] = await results(server.client, missing.error_file_id);
    expect(line?.response).toMatchObject({ status_code: 404, body: { error: { code: 'model_not_found' } } });
  });

  test('is cancelled while it is validated, too', async () => {
    await using server = await startTestEmulator({ latencyMs: 20_000 });
    const batch = await createBatch(server.client, jsonl(requestLine('a', chatBody('x'))));
    await server.client.batches.cancel(batch.id);
    const ended = await waitFor(server.client, batch.id);
    expect(ended).toMatchObject({ status: 'cancelled', output_file_id: null, in_progress_at: null });
    expect(await results(server.client, ended.error_file_id)).toHaveLength(1);
  });

  test('survives the deletion of its input file', async () => {
    await using server = await startTestEmulator({ latencyMs: 300 });
    const batch = await createBatch(server.client, jsonl(requestLine('a', chatBody('x'))));
    await server.client.files.delete(batch.input_file_id);
    const ended = await waitFor(server.client, batch.id);
    expect(await results(server.client, ended.output_file_id)).toHaveLength(1);
    await expect.poll(() => existsSync(join(server.dataDir, 'files', batch.input_file_id))).toBe(false);
  });

  test('stands on the bill, with a hash of each request, before its creation is answered', async () => {
    await using server = await startTestEmulator({ latencyMs: 60_000 });
    const lines = [requestLine('a', chatBody('naïve 🙂')), requestLine('b', chatBody('x'))];
    const batch = await createBatch(server.client, `${lines[0]}\r\n${lines[1]}`);
    const bill = await readFile(join(server.dataDir, 'bill.jsonl'), 'utf8');
    expect(bill.endsWith('\n')).toBe(true);
    expect(JSON.parse(bill)).toMatchObject({
      event: 'accepted',
      batch_id: batch.id,
      requests: [sha(`${lines[0]}\r`), sha(lines[1] ?? '')],
    });
  });
});

test('batches are listed newest first, page by page', async () => {
  await using server = await startTestEmulator();
  const input = await upload(server.client, jsonl(requestLine('a', chatBody('x'))));
  const ids: string[] = [];
  for (let count = 0; count < 7; count += 1) {
    const batch = await server.client.batches.create({
      input_file_id: input,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    ids.unshift(batch.id);
  }
  const page = await server.client.batches.list({ limit: 3 });
  expect(page.data.map((batch) => batch.id)).toEqual(ids.slice(0, 3));
  const reply = await fetch(`${server.emulator.url}/batches?limit=3`, {
    headers: { authorization: 'Bearer x' },
  });
  expect(await reply.json()).toMatchObject({
    object: 'list',
    has_more: true,
    first_id: ids[0],
    last_id: ids[2],
  });
  const all: string[] = [];
  for await (const batch of server.client.batches.list({ limit: 3 })) all.push(batch.id);
  expect(all).toEqual(ids);
  await expect(server.client.batches.list({ after: 'batch_none' })).rejects.toMatchObject({ status: 400 });
  await expect(server.client.batches.list({ limit: 101 })).rejects.toMatchObject({ status: 400 });
});

describe('a batch is not created', () => {
  const cases: [string, object, string][] = [
    ['without an input file', { endpoint: '/v1/embeddings', completion_window: '24h' }, 'input_file_id'],
    [
      'with an unknown file',
      { input_file_id: 'file-x', endpoint: '/v1/embeddings', completion_window: '24h' },
      'input_file_id',
    ],
    [
      'for an unknown endpoint',
      { input_file_id: 'INPUT', endpoint: '/v1/x', completion_window: '24h' },
      'endpoint',
    ],
    [
      'for another window',
      { input_file_id: 'INPUT', endpoint: '/v1/embeddings', completion_window: '7d' },
      'completion_window',
    ],
    [
      'with too much metadata',
      {
        input_file_id: 'INPUT',
        endpoint: '/v1/embeddings',
        completion_window: '24h',
        metadata: Object.fromEntries(Array.from({ length: 17 }, (_, key) => [`k${key}`, 'v'])),
      },
      'metadata',
    ],
    [
      'with a long metadata value',
      {
        input_file_id: 'INPUT',
        endpoint: '/v1/embeddings',
        completion_window: '24h',
        metadata: { k: 'v'.repeat(513) },
      },
      'metadata.k',
    ],
    [
      'with a metadata value that is no string',
      { input_file_id: 'INPUT', endpoint: '/v1/embeddings', completion_window: '24h', metadata: { k: 1 } },
      'metadata.k',
    ],
    [
      'with a short life of its output',
      {
        input_file_id: 'INPUT',
        endpoint: '/v1/embeddings',
        completion_window: '24h',
        output_expires_after: { anchor: 'created_at', seconds: 60 },
      },
      'output_expires_after.seconds',
    ],
  ];

  test.each(cases)('%s', async (_name, body, param) => {
    await using server = await startTestEmulator();
    const input = await upload(server.client, jsonl(requestLine('a', chatBody('x'))));
    const filled = JSON.parse(JSON.stringify(body).replace('INPUT', input)) as never;
    await expect(server.client.batches.create(filled)).rejects.toMatchObject({ status: 400, param });
    expect((await server.client.batches.list()).data).toEqual([]);
    expect(await readFile(join(server.dataDir, 'bill.jsonl'), 'utf8')).toBe('');
  });
});
