import { connect as connectSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { chatBody, startTestEmulator } from './client.ts';

const auth = { authorization: 'Bearer x' };

describe('the API', () => {
  test('answers synchronously as it does in batches, with a request id', async () => {
    await using server = await startTestEmulator();
    const { client } = server;
    const { data, response } = await client.chat.completions
      .create(chatBody('hello invoice') as never)
      .withResponse();
    expect(data.choices[0]?.message.content).toContain('invoice');
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    const reply = await client.responses.create({ model: 'gpt-4o-mini', input: 'hello invoice' });
    expect(reply.output_text).toContain('invoice');
    // The SDK asks for base64 and decodes it.
    const { data: vectors } = await client.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['a', 'b'],
    });
    expect(vectors.map(({ embedding }) => embedding.length)).toEqual([1536, 1536]);
    await expect(
      client.chat.completions.create(chatBody('x', { stream: true }) as never),
    ).rejects.toMatchObject({ status: 400 });
    await expect(client.models.retrieve('no-such-model')).rejects.toMatchObject({ status: 404 });
  });

  const cases: [string, string, RequestInit, number, string | null][] = [
    ['an unknown path', '/v1/nowhere', {}, 404, null],
    ['a path below another', '/v1/files/x/y/z', {}, 404, null],
    ['a wrong method', '/v1/batches', { method: 'DELETE' }, 405, 'method_not_supported'],
    ['an unknown batch', '/v1/batches/batch_x', {}, 404, null],
    ['the cancellation of an unknown batch', '/v1/batches/batch_x/cancel', { method: 'POST' }, 404, null],
    ['an unknown file', '/v1/files/..%2F..%2Fetc%2Fpasswd/content', {}, 404, null],
    ['a body that is no JSON', '/v1/batches', { method: 'POST', body: '{' }, 400, null],
    ['a body that is a list', '/v1/embeddings', { method: 'POST', body: '[]' }, 400, null],
    ['an upload that is no form', '/v1/files', { method: 'POST', body: '{}' }, 400, null],
    [
      'a form without parts',
      '/v1/files',
      { method: 'POST', body: new FormData() },
      400,
      'missing_required_parameter',
    ],
    ['a limit that is none', '/v1/batches?limit=x', {}, 400, 'invalid_value'],
  ];
  test.each(cases)('answers %s with an error of its own shape', async (_name, path, init, status, code) => {
    await using server = await startTestEmulator();
    const reply = await fetch(new URL(path, server.emulator.url), { ...init, headers: auth });
    expect(reply.status).toBe(status);
    expect(await reply.json()).toEqual({
      error: {
        message: expect.stringMatching(/\w/),
        type: 'invalid_request_error',
        param: expect.toBeOneOf([null, expect.any(String)]),
        code,
      },
    });
  });

  test('outlives uploads that break off and bytes that are no HTTP', async () => {
    await using server = await startTestEmulator();
    const port = Number(new URL(server.emulator.url).port);
    const head = 'POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n';
    const form =
      'content-type: multipart/form-data; boundary=b\r\ncontent-length: 1000\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="x.jsonl"\r\n\r\nhalf';
    const upload = connectSocket(port, '127.0.0.1');
    upload.write(head + form, () => upload.destroy());
    const garbage = connectSocket(port, '127.0.0.1');
    garbage.end('\0\0\0 nonsense\r\n\r\n');
    expect(await text(garbage)).toContain('400');
    expect((await server.client.files.list()).data).toEqual([]);
  });
});

test('a request under a foreign name is refused', async () => {
  await using server = await startTestEmulator();
  const socket = connectSocket(Number(new URL(server.emulator.url).port), '127.0.0.1');
  socket.write(
    'GET /v1/files HTTP/1.1\r\nhost: evil.example\r\nauthorization: Bearer x\r\nconnection: close\r\n\r\n',
  );
  expect(await text(socket)).toContain('HTTP/1.1 403');
});

test('two emulators do not share a folder, nor a port', async () => {
  await using one = await startTestEmulator();
  await expect(startTestEmulator({ dataDir: one.dataDir })).rejects.toMatchObject({
    code: 'emulator_running',
  });
  const port = Number(new URL(one.emulator.url).port);
  await expect(startTestEmulator({ port })).rejects.toMatchObject({ code: 'port_in_use' });
});

test('an aborted signal stops it', async () => {
  const stop = new AbortController();
  await using server = await startTestEmulator({ signal: stop.signal });
  stop.abort();
  await expect.poll(() => fetch(server.emulator.url).catch(() => 'gone')).toBe('gone');
});
