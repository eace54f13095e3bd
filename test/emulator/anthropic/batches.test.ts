import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadRequestError } from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { ended, params, requests, results, startAnthropicScene } from './client.ts';

function errored(type: string, message: string) {
  return { type: 'errored', error: { type: 'error', error: { type, message }, request_id: null } };
}

describe("Anthropic's message batches", () => {
  test('are created, polled and fetched by the official SDK, and stand on the bill line by line', async () => {
    await using scene = await startAnthropicScene();
    const { client, server, origin } = scene;
    const asked = requests(300);
    const created = await client.messages.batches.create({ requests: asked });
    expect(created).toMatchObject({
      type: 'message_batch',
      processing_status: 'in_progress',
      request_counts: { processing: 300, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
      results_url: null,
      ended_at: null,
    });
    expect(created.id).toMatch(/^msgbatch_/);
    const batch = await ended(client, created.id);
    expect(batch.request_counts).toEqual({
      processing: 0,
      succeeded: 300,
      errored: 0,
      canceled: 0,
      expired: 0,
    });
    expect(batch.results_url).toBe(`${origin}/v1/messages/batches/${batch.id}/results`);
    expect(batch.ended_at).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    const found = await results(client, batch.id);
    expect(new Set(found.keys())).toEqual(new Set(asked.map((request) => request.custom_id)));
    expect([...found.keys()]).not.toEqual(asked.map((request) => request.custom_id));
    expect(found.get('r7')).toMatchObject({
      type: 'succeeded',
      message: { role: 'assistant', stop_reason: 'end_turn', model: 'claude-haiku-4-5' },
    });
    const bill = (await readFile(join(server.dataDir, 'bill.jsonl'), 'utf8')).trim().split('\n');
    const hashes = asked.map((request) => createHash('sha256').update(JSON.stringify(request)).digest('hex'));
    expect(bill.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ event: 'accepted', batch_id: batch.id, requests: hashes }),
    ]);
  });

  test('hold errors in two layers, each for its row', async () => {
    await using scene = await startAnthropicScene();
    const { client } = scene;
    const { id } = await client.messages.batches.create({
      requests: [
        { custom_id: 'good', params: params('Hello') },
        { custom_id: 'model', params: params('Hello', { model: 'no-such-model' }) },
        { custom_id: 'tokens', params: { ...params('Hello'), max_tokens: undefined as unknown as number } },
        { custom_id: 'hot', params: params('Hello', { temperature: 1.5 } as object) },
      ],
    });
    const batch = await ended(client, id);
    expect(batch.request_counts).toMatchObject({ succeeded: 1, errored: 3 });
    const found = await results(client, id);
    expect(found.get('model')).toEqual(errored('not_found_error', 'model: no-such-model'));
    expect(found.get('tokens')).toEqual(errored('invalid_request_error', 'max_tokens: Field required'));
    expect(found.get('hot')).toEqual(
      errored('invalid_request_error', 'temperature: Input should be less than or equal to 1'),
    );
  });

  test.each([
    ['a'.repeat(65), 'requests.1.custom_id: String should have at most 64 characters'],
    ['a:b', "requests.1.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"],
    ['', 'requests.1.custom_id: String should have at least 1 character'],
    ['r1', "requests.1.custom_id: Duplicate custom_id 'r1'"],
  ])('are refused as a whole for the custom_id %j', async (custom_id, message) => {
    await using scene = await startAnthropicScene();
    const refused = scene.client.messages.batches.create({
      requests: [...requests(1), { custom_id, params: params('Hello') }],
    });
    const error = await refused.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', apiMessage: message });
    expect((error as BadRequestError).requestID).toMatch(/^req_/);
    const listed = await scene.client.messages.batches.list();
    expect(listed.data).toEqual([]);
  });

  test.each([
    ['{"requests":[{"custom_id":"a"}]}', 'requests.0.params: Field required'],
    [
      '{"requests":[{"custom_id":"a","params":{}}, 7]}',
      'requests.1: Input should be a valid dictionary or object',
    ],
    ['{"requests":[]}', 'requests: List should have at least 1 item after validation, not 0'],
    ['{"requests":{}}', 'requests: Input should be a valid list'],
    ['{}', 'requests: Field required'],
    [
      '{"requests":[{"custom_id":"a","params":{}}],"metadata":{"a":[{}]}}',
      'metadata: Extra inputs are not permitted',
    ],
    ['{"requests":[{"custom_id":"a","params":{}}]', /^The request body is not valid JSON/],
    ['{"requests":[{"custom_id":"a","params":{"x":}}]}', /^The request body is not valid JSON/],
  ])('are refused for the body %s', async (body, message) => {
    await using scene = await startAnthropicScene();
    const reply = await fetch(`${scene.origin}/v1/messages/batches`, {
      method: 'POST',
      headers: { 'x-api-key': 'any', 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
      body,
    });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toEqual({
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: expect.stringMatching(message),
      },
      request_id: reply.headers.get('request-id'),
    });
  });

  test('are canceled on the way: what was answered is kept, and the rest says so', async () => {
    await using scene = await startAnthropicScene({ latencyMs: 120_000 });
    const { client } = scene;
    const { id } = await client.messages.batches.create({ requests: requests(20) });
    await expect(client.messages.batches.delete(id)).rejects.toMatchObject({ status: 400 });
    const cancelling = await client.messages.batches.cancel(id);
    expect(cancelling.processing_status).toBe('canceling');
    expect(cancelling.cancel_initiated_at).not.toBeNull();
    const batch = await ended(client, id);
    const { succeeded, canceled } = batch.request_counts;
    expect(succeeded + canceled).toBe(20);
    expect(canceled).toBeGreaterThan(0);
    const types = [...(await results(client, id)).values()].map(({ type }) => type);
    expect(types.filter((type) => type === 'canceled')).toHaveLength(canceled);
    expect(await client.messages.batches.delete(id)).toEqual({ id, type: 'message_batch_deleted' });
    await expect(client.messages.batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  test('are listed newest first, in pages either way, apart from those of OpenAI', async () => {
    await using scene = await startAnthropicScene();
    const { client, server } = scene;
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1)
      ids.unshift((await client.messages.batches.create({ requests: requests(1) })).id);
    const all: string[] = [];
    for await (const batch of client.messages.batches.list({ limit: 2 })) all.push(batch.id);
    expect(all).toEqual(ids);
    const newer = await client.messages.batches.list({ limit: 2, before_id: ids[3] ?? '' });
    expect(newer.data.map(({ id }) => id)).toEqual([ids[1], ids[2]]);
    expect(newer.has_more).toBe(true);
    expect((await server.client.batches.list()).data).toEqual([]);
    await expect(server.client.batches.retrieve(ids[0] ?? '')).rejects.toMatchObject({ status: 404 });
    for (const id of ids) await ended(client, id);
    expect((await server.client.files.list()).data).toEqual([]);
  });

  test('ask for a key and a version, in either form', async () => {
    await using scene = await startAnthropicScene({ apiKey: 'right' });
    const list = async (headers: Record<string, string>) => {
      const reply = await fetch(`${scene.origin}/v1/messages/batches`, { headers });
      return { status: reply.status, body: (await reply.json()) as { error?: { type: string } } };
    };
    const version = { 'anthropic-version': '2023-06-01' };
    expect((await list({ ...version, 'x-api-key': 'right' })).status).toBe(200);
    expect((await list({ ...version, authorization: 'Bearer right' })).status).toBe(200);
    expect((await list({ 'x-api-key': 'right' })).body.error?.type).toBe('invalid_request_error');
    for (const headers of [{}, { 'x-api-key': 'wrong' }]) {
      const refused = await list({ ...version, ...headers });
      expect(refused).toMatchObject({ status: 401, body: { error: { type: 'authentication_error' } } });
    }
  });
});
