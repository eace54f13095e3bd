import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createBatch, ended, lines, startGeminiScene, upload } from './client.ts';

const key = { 'x-goog-api-key': 'any' };

async function startUpload(origin: string, bytes: number): Promise<string> {
  const reply = await fetch(`${origin}/upload/v1beta/files`, {
    method: 'POST',
    headers: {
      ...key,
      'x-goog-upload-protocol': 'resumable',
      'x-goog-upload-command': 'start',
      'x-goog-upload-header-content-length': String(bytes),
      'x-goog-upload-header-content-type': 'application/jsonl',
    },
    body: JSON.stringify({ file: { display_name: 'mine' } }),
  });
  expect(reply.headers.get('x-goog-upload-status')).toBe('active');
  return reply.headers.get('x-goog-upload-url') ?? '';
}

async function send(url: string, command: string, offset: number, body = ''): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'x-goog-upload-command': command, 'x-goog-upload-offset': String(offset) },
    body,
  });
}

describe("Gemini's files", () => {
  test('are uploaded in pieces by the official SDK, shown, listed and deleted', async () => {
    await using scene = await startGeminiScene();
    const { client, server } = scene;
    const path = join(scene.folder, 'large.jsonl');
    await writeFile(path, Buffer.alloc(20_000_000, 'x'));
    const file = await client.files.upload({
      file: path,
      config: { mimeType: 'application/jsonl', displayName: 'large' },
    });
    expect(file).toMatchObject({
      sizeBytes: '20000000',
      displayName: 'large',
      state: 'ACTIVE',
      mimeType: 'application/jsonl',
    });
    const { name = '' } = file;
    expect(await client.files.get({ name })).toMatchObject({ name, sizeBytes: '20000000' });
    const other = await upload(scene, lines(1));
    const listed: string[] = [];
    for await (const one of await client.files.list({ config: { pageSize: 1 } })) listed.push(one.name ?? '');
    expect(listed).toEqual([other, name]);
    expect((await server.client.files.list()).data).toEqual([]);
    await client.files.delete({ name });
    await expect(client.files.get({ name })).rejects.toMatchObject({ status: 403 });
  });

  test('go on where their upload broke off', async () => {
    await using scene = await startGeminiScene();
    const url = await startUpload(scene.origin, 8);
    const first = await send(url, 'upload', 0, 'abc');
    expect(first.headers.get('x-goog-upload-status')).toBe('active');
    const asked = await send(url, 'query', 0);
    expect(asked.headers.get('x-goog-upload-size-received')).toBe('3');
    expect((await send(url, 'upload', 5, 'fgh')).status).toBe(400);
    expect((await send(url, 'upload, finalize', 3, 'de')).status).toBe(400);
    const last = await send(url, 'upload, finalize', 5, 'fgh');
    expect(last.headers.get('x-goog-upload-status')).toBe('final');
    const { file } = (await last.json()) as { file: { name: string } };
    expect(file).toMatchObject({ displayName: 'mine', sizeBytes: '8' });
    expect((await send(url, 'query', 0)).headers.get('x-goog-upload-status')).toBe('final');
    const content = await fetch(`${scene.origin}/v1beta/${file.name}:download?alt=media`, { headers: key });
    expect(await content.text()).toBe('abcdefgh');
  });

  test('of results have names that the call for a file does not take, and are downloaded either way', async () => {
    await using scene = await startGeminiScene();
    const { client, origin } = scene;
    const { dest } = await ended(client, (await createBatch(scene, lines(3))).name);
    const name = dest?.fileName ?? '';
    expect(name.length - 'files/'.length).toBeGreaterThan(40);
    await expect(client.files.get({ name })).rejects.toMatchObject({ status: 400 });
    const texts = await Promise.all(
      ['/v1beta/', '/download/v1beta/'].map(async (root) =>
        (await fetch(`${origin}${root}${name}:download?alt=media&key=any`)).text(),
      ),
    );
    expect(texts[0]?.split('\n')).toHaveLength(4);
    expect(texts[1]).toBe(texts[0]);
  });

  test('ask for a key', async () => {
    await using scene = await startGeminiScene({ apiKey: 'right' });
    const list = async (headers: Record<string, string>, query = '') => {
      const reply = await fetch(`${scene.origin}/v1beta/files${query}`, { headers });
      return { status: reply.status, body: await reply.json() };
    };
    expect((await list({ 'x-goog-api-key': 'right' })).status).toBe(200);
    expect((await list({}, '?key=right')).status).toBe(200);
    expect(await list({})).toMatchObject({ status: 403, body: { error: { status: 'PERMISSION_DENIED' } } });
    expect(await list(key)).toMatchObject({
      status: 400,
      body: { error: { status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] } },
    });
  });
});
