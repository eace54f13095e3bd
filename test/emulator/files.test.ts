import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { chatBody, connect, jsonl, requestLine, startTestEmulator } from './client.ts';

const content = jsonl(requestLine('a', chatBody('x')));

test('a file is stored, shown, listed, downloaded and deleted', async () => {
  await using server = await startTestEmulator();
  const { client } = server;
  const bytes = randomBytes(300_000);
  const file = await client.files.create({ purpose: 'batch', file: new File([bytes], 'naïve "x".jsonl') });
  expect(file).toMatchObject({
    id: expect.stringMatching(/^file-/),
    object: 'file',
    bytes: 300_000,
    filename: 'naïve "x".jsonl',
    purpose: 'batch',
    status: 'processed',
    expires_at: file.created_at + 2_592_000,
  });
  expect(await client.files.retrieve(file.id)).toEqual(file);
  const reply = await client.files.content(file.id);
  expect(reply.headers.get('content-length')).toBe('300000');
  expect(Buffer.from(await reply.arrayBuffer()).equals(bytes)).toBe(true);
  const other = await client.files.create({ purpose: 'batch', file: new File([content], 'x.jsonl') });
  expect((await client.files.list()).data.map(({ id }) => id)).toEqual([other.id, file.id]);
  expect((await client.files.list({ purpose: 'batch_output' })).data).toEqual([]);
  const ids: string[] = [];
  for await (const each of client.files.list({ limit: 1 })) ids.push(each.id);
  expect(ids).toEqual([other.id, file.id]);
  expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
  await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
  await expect(client.files.content(file.id)).rejects.toMatchObject({ status: 404 });
});

test('a file says when it expires', async () => {
  await using server = await startTestEmulator();
  const file = await server.client.files.create({
    purpose: 'batch',
    file: new File([content], 'x.jsonl'),
    expires_after: { anchor: 'created_at', seconds: 3600 },
  });
  expect(file.expires_at).toBe(file.created_at + 3600);
});

describe('an upload is refused', () => {
  const file = new File([content], 'x.jsonl');

  const cases: [string, object, string, string][] = [
    ['for another purpose', { purpose: 'fine-tune', file }, 'purpose', 'Invalid value'],
    [
      'for a name that does not end in .jsonl',
      { purpose: 'batch', file: new File([content], 'x.csv') },
      'file',
      'Must be .jsonl',
    ],
    [
      'for an unknown anchor',
      { purpose: 'batch', file, expires_after: { anchor: 'now', seconds: 3600 } },
      'expires_after.anchor',
      'Invalid value',
    ],
    [
      'for too short a life',
      { purpose: 'batch', file, expires_after: { anchor: 'created_at', seconds: 60 } },
      'expires_after.seconds',
      '3600',
    ],
    ['for a long field', { purpose: 'x'.repeat(600), file }, 'purpose', '512'],
  ];

  test.each(cases)('%s', async (_name, form, param, message) => {
    await using server = await startTestEmulator();
    const create = server.client.files.create(form as never);
    await expect(create).rejects.toMatchObject({
      status: 400,
      param,
      message: expect.stringContaining(message),
    });
    expect((await server.client.files.list()).data).toEqual([]);
  });
});

test('only the right key, or any where none is set, is let in', async () => {
  await using open = await startTestEmulator();
  await using locked = await startTestEmulator({ apiKey: 'sk-right' });
  const bare = await fetch(`${open.emulator.url}/models`);
  expect(bare.status).toBe(401);
  expect(await bare.json()).toMatchObject({ error: { type: 'invalid_request_error', code: null } });
  await expect(connect(locked.emulator.url, 'sk-wrong-and-long').models.list()).rejects.toMatchObject({
    status: 401,
    code: 'invalid_api_key',
    message: expect.not.stringContaining('sk-wrong-and-long'),
  });
  expect((await connect(locked.emulator.url, 'sk-right').models.list()).data.length).toBeGreaterThan(0);
});
