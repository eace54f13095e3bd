import { mkdtemp, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { Account } from '../../../src/providers/openai/account.ts';
import { watchedBody } from '../../../src/providers/http/silent-body.ts';
import { openAccount } from '../../../src/providers/openai/open.ts';
import { usualPatience } from '../../../src/providers/http/patience.ts';
import type { BatchSide } from '../../../src/core/batch-side.ts';
import { chunkFile } from '../chunk-file.ts';
import { fakeServer, readBody, sendJson } from '../fake-server.ts';
import { never, openProvider } from './open.ts';

const folder = await mkdtemp(join(tmpdir(), 'batchline-openai-'));

function impatient(baseUrl: string): BatchSide {
  const settings = { apiKey: 'k', baseUrl, headers: {}, organization: null, project: null };
  return openAccount(new Account(settings), {
    patience: { ...usualPatience, silence: 300, intake: 300 },
  }).batches;
}

/** The batch side of the provider at a server. */
async function batchesAt(block: Parameters<typeof openProvider>[0]): Promise<BatchSide> {
  return (await openProvider(block)).batches;
}

async function fingerprint(block: Parameters<typeof openProvider>[0]): Promise<string> {
  return (await openProvider(block)).account;
}

function fileServer(bytes: number | undefined, content: (response: ServerResponse) => void) {
  return fakeServer((request, response) =>
    request.url?.endsWith('/content') ? content(response) : sendJson(response, { id: 'file-1', bytes }),
  );
}

test('uploads the file as it is, the purpose first', async () => {
  const path = join(folder, 'in.jsonl');
  await writeFile(path, '{"custom_id":"1"}\n');
  let form = '';
  let length = '';
  await using server = await fakeServer(async (request, response) => {
    length = request.headers['content-length'] ?? '';
    form = (await readBody(request)).toString();
    sendJson(response, { id: 'file-9' });
  });
  const batches = await batchesAt({ base_url: server.url, headers: { 'x-route': 'a' } });
  const file = chunkFile({ path, bytes: 18, expiresAfterMs: 3_600_000 });
  expect(await batches.store?.(file, never)).toBe('file-9');
  expect(Number(length)).toBe(Buffer.byteLength(form));
  expect(form.indexOf('name="purpose"')).toBeLessThan(form.indexOf('name="file"'));
  expect(form).toContain(
    'filename="batchline-20261123-142501-1f3a9c-1-0123456789ab.jsonl"\r\nContent-Type: application/jsonl\r\n\r\n{"custom_id":"1"}\n\r\n',
  );
  expect(form).toContain('name="expires_after[seconds]"\r\n\r\n3600');
});

test('gives up an upload of which no byte leaves any more', async () => {
  const path = join(folder, 'stalled.jsonl');
  await writeFile(path, Buffer.alloc(30_000_000, 97));
  await using server = await fakeServer((request) => void request.pause());
  const file = chunkFile({ path, bytes: 30_000_000 });
  await expect(impatient(server.url).store?.(file, never)).rejects.toMatchObject({
    code: 'upload_stalled',
    retryable: true,
  });
});

test('sends headers, organization and project, and no authorization without a key', async () => {
  const seen: unknown[] = [];
  await using server = await fakeServer((request, response) => {
    const {
      authorization,
      'api-key': own,
      'openai-organization': organization,
      'openai-project': project,
    } = request.headers;
    seen.push([authorization, own, organization, project]);
    sendJson(response, { data: [] });
  });
  const gateway = await openProvider({
    base_url: server.url,
    headers: { 'api-key': 'azure' },
    organization: 'o',
    project: 'p',
  });
  await gateway.check(never);
  const keyed = await openProvider({ base_url: `${server.url}/` }, { OPENAI_API_KEY: 'from-env' });
  await keyed.check(never);
  expect(seen).toEqual([
    [undefined, 'azure', 'o', 'p'],
    ['Bearer from-env', undefined, undefined, undefined],
  ]);
  expect(server.requests).toEqual(['GET /v1/batches?limit=1', 'GET /v1/batches?limit=1']);
});

test('lists every batch, page after page', async () => {
  const all = Array.from({ length: 5 }, (_, index) => ({ id: `b${index}`, status: 'completed' }));
  await using server = await fakeServer((request, response) => {
    const after = new URL(request.url ?? '', 'http://x').searchParams.get('after');
    const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
    sendJson(response, { data: all.slice(start, start + 2), has_more: start + 2 < all.length });
  });
  const batches = await batchesAt({ base_url: server.url });
  const listed = await Array.fromAsync(batches.list(never));
  expect(listed.map(({ id }) => id)).toEqual(['b0', 'b1', 'b2', 'b3', 'b4']);
  expect(server.requests).toHaveLength(3);
});

test('ends a listing that repeats itself', async () => {
  await using server = await fakeServer((_request, response) =>
    sendJson(response, { data: [{ id: 'b' }], has_more: true }),
  );
  const batches = await batchesAt({ base_url: server.url });
  expect(await Array.fromAsync(batches.list(never))).toHaveLength(1);
});

test('takes a batch that has ended for cancelled enough', async () => {
  await using server = await fakeServer((request, response) =>
    request.method === 'POST'
      ? sendJson(response, { error: { message: 'already completed' } }, 409)
      : sendJson(response, { id: 'b', status: 'completed' }),
  );
  const batches = await batchesAt({ base_url: server.url });
  expect(await batches.cancel('b', never)).toMatchObject({ status: 'completed' });
});

test('says that a batch is not there', async () => {
  await using server = await fakeServer((_request, response) =>
    sendJson(response, { error: { message: 'no' } }, 404),
  );
  const batches = await batchesAt({ base_url: server.url });
  await expect(batches.look('b', never)).rejects.toMatchObject({
    code: 'batch_not_found',
    retryable: false,
  });
  await expect(batches.fetch('b', 'f', join(folder, 'no'), never)).rejects.toMatchObject({
    code: 'file_not_found',
    retryable: true,
  });
  await expect(batches.leftovers?.delete('f', never)).resolves.toBeUndefined();
});

test('downloads a file whole', async () => {
  const content = Buffer.alloc(3_000_000, 'abc\n');
  await using server = await fileServer(content.length, (response) => void response.end(content));
  const path = join(folder, 'whole.jsonl');
  const batches = await batchesAt({ base_url: server.url });
  await batches.fetch('b', 'file-1', path, never);
  expect(content.equals(await readFile(path))).toBe(true);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test.each([
  [
    'is cut',
    4,
    (response: ServerResponse): void => {
      response.writeHead(200, { 'content-length': '4' });
      response.write('ab');
      setTimeout(() => response.destroy(), 50);
    },
  ],
  ['stalls', 4, (response: ServerResponse): void => void response.write('ab')],
  ['is shorter than the file object says', 4, (response: ServerResponse): void => void response.end('ab')],
  ['is longer than the file object says', 1, (response: ServerResponse): void => void response.end('ab')],
  [
    'is still being written',
    undefined,
    (response: ServerResponse): void => void response.setHeader('X-Incomplete', 'true').end('ab'),
  ],
])('rejects a download that %s, and leaves nothing behind', async (_how, bytes, content) => {
  await using server = await fileServer(bytes, content);
  const own = await mkdtemp(join(folder, 'cut-'));
  await expect(impatient(server.url).fetch('b', 'file-1', join(own, 'out'), never)).rejects.toMatchObject({
    code: 'download_cut',
    retryable: true,
  });
  expect(await readdir(own)).toEqual([]);
});

test('keeps a slow download that goes on', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    let left = 5;
    // Each byte comes just in time; all together take far longer than one may.
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          vi.advanceTimersByTime(900);
          left -= 1;
          if (left >= 0) controller.enqueue(Buffer.from('x'));
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    expect(await new Response(watchedBody(body, 1000, () => undefined)).text()).toBe('xxxxx');
  } finally {
    vi.useRealTimers();
  }
});

test('accepts an empty error file, and servers that do not say a size', async () => {
  await using empty = await fileServer(0, (response) => void response.end());
  await (await batchesAt({ base_url: empty.url })).fetch('b', 'f', join(folder, 'empty'), never);
  expect((await stat(join(folder, 'empty'))).size).toBe(0);
  await using silent = await fileServer(undefined, (response) => void response.end('ab'));
  await (await batchesAt({ base_url: silent.url })).fetch('b', 'f', join(folder, 'silent'), never);
  expect((await stat(join(folder, 'silent'))).size).toBe(2);
});

test('stops a download when it is told to', async () => {
  await using server = await fileServer(4, (response) => void response.write('ab'));
  const controller = new AbortController();
  const path = join(folder, 'stopped');
  const stopped = batchesAt({ base_url: server.url }).then((batches) =>
    batches.fetch('b', 'f', path, controller.signal),
  );
  setTimeout(() => controller.abort(new Error('stop now')), 100);
  await expect(stopped).rejects.toThrow('stop now');
});

test('says which folder cannot be written', async () => {
  await using server = await fileServer(2, (response) => void response.end('ab'));
  await expect(
    (await batchesAt({ base_url: server.url })).fetch('b', 'f', join(folder, 'no', 'such', 'folder'), never),
  ).rejects.toMatchObject({
    code: 'write_failed',
    retryable: false,
  });
});

test('tells accounts apart without showing their keys', async () => {
  const base = { api_key: 'sk-1', base_url: 'http://a/v1' };
  const all = await Promise.all(
    [
      base,
      { ...base, api_key: 'sk-2' },
      { ...base, base_url: 'http://b/v1' },
      { ...base, project: 'p' },
      { ...base, organization: 'p' },
    ].map(fingerprint),
  );
  expect(new Set(all).size).toBe(5);
  expect(await fingerprint(base)).toBe(all[0]);
});
