import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createNetServer } from 'node:net';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Account } from '../../../src/providers/openai/account.ts';
import { openAccount } from '../../../src/providers/openai/open.ts';
import { usualPatience } from '../../../src/providers/http/patience.ts';
import { chunkFile } from '../chunk-file.ts';
import { fakeServer, readBody, sendJson } from '../fake-server.ts';
import { never, openProvider } from './open.ts';

const folder = await mkdtemp(join(tmpdir(), 'batchline-transport-'));

function at(baseUrl: string, warn: (message: string) => void = () => undefined) {
  const settings = {
    apiKey: 'sk-secret',
    baseUrl,
    headers: { 'x-own': 'o' },
    organization: 'o',
    project: 'p',
  };
  const patience = { ...usualPatience, silence: 200, check: 2000 };
  return openAccount(new Account(settings), { patience, warn });
}

/** Begins an answer that never ends. */
function stop(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"data":[');
}

test('gives up every answer that stops halfway', async () => {
  await using server = await fakeServer((_request, response) => stop(response));
  const provider = at(server.url);
  const { batches } = provider;
  // Loads the SDK, which takes longer than a silence may.
  await expect(provider.check(never)).rejects.toMatchObject({
    code: 'provider_unreachable',
    retryable: true,
  });
  const path = join(folder, 'in.jsonl');
  await writeFile(path, '{}\n');
  const calls = {
    look: batches.look('b', never),
    list: Array.fromAsync(batches.list(never)),
    cancel: batches.cancel('b', never),
    create: batches.create(chunkFile(), 'file-1', never),
    store: batches.store?.(chunkFile({ path, bytes: 3 }), never),
    fetch: batches.fetch('b', 'f', join(folder, 'no'), never),
    uploads: Array.fromAsync(batches.leftovers?.list(never) ?? []),
    delete: batches.leftovers?.delete('f', never),
  };
  const ends = await Promise.allSettled(
    Object.values<Promise<unknown> | undefined>(calls).map((call) => call ?? Promise.resolve()),
  );
  const stopped = {
    code: 'provider_unreachable',
    message: expect.stringContaining('its answer stopped halfway'),
  };
  const reasons = ends.map((end, index) => [
    Object.keys(calls)[index],
    end.status === 'rejected' && end.reason,
  ]);
  expect(Object.fromEntries(reasons)).toMatchObject(
    Object.fromEntries(
      Object.keys(calls).map((name) => [
        name,
        { ...stopped, retryable: true, outcome: name === 'create' ? 'unknown' : undefined },
      ]),
    ),
  );
});

test('gives up an answer that comes byte by byte without end', async () => {
  await using server = await fakeServer((_request, response) => {
    stop(response);
    const timer = setInterval(() => response.write(' '), 20);
    response.once('close', () => clearInterval(timer));
  });
  const settings = { apiKey: '', baseUrl: server.url, headers: {}, organization: null, project: null };
  const { batches } = openAccount(new Account(settings), {
    patience: { ...usualPatience, whole: 300, answer: 200 },
  });
  await expect(batches.look('b', never)).rejects.toMatchObject({
    code: 'provider_unreachable',
    retryable: true,
  });
});

test('follows the redirect of a download, to another origin without key or account', async () => {
  const seen: unknown[] = [];
  await using storage = await fakeServer(({ headers }, response) => {
    seen.push([
      headers.authorization,
      headers['x-own'],
      headers['openai-organization'],
      headers['openai-project'],
    ]);
    response.end('whole\n');
  });
  await using server = await fakeServer(({ url, headers }, response) => {
    if (url === '/v1/files/f') return sendJson(response, { id: 'f', bytes: 6 });
    const own = url === '/v1/files/f/content';
    if (!own) seen.push([headers.authorization]);
    const location = own ? '/v1/moved?sig=1' : `${storage.url}/blob`;
    response.writeHead(own ? 307 : 302, { location }).end();
  });
  const path = join(folder, 'moved');
  await at(server.url).batches.fetch('b', 'f', path, never);
  expect(await readFile(path, 'utf8')).toBe('whole\n');
  expect(seen).toEqual([['Bearer sk-secret'], [undefined, undefined, undefined, undefined]]);
});

test('asks anew where the storage refuses, and gives a ring of redirects up', async () => {
  await using storage = await fakeServer(
    (_request, response) => void response.writeHead(403).end('<Error>expired'),
  );
  await using server = await fakeServer(({ url }, response) => {
    if (!url?.endsWith('content')) return sendJson(response, { bytes: 3 });
    response.writeHead(302, { location: url.includes('ring') ? url : storage.url }).end();
  });
  const { batches } = at(server.url);
  await expect(batches.fetch('b', 'f', join(folder, 'no'), never)).rejects.toMatchObject({
    code: 'provider_unreachable',
    retryable: true,
    message: expect.stringContaining('where the file lies, answered 403'),
  });
  await expect(batches.fetch('b', 'ring', join(folder, 'no'), never)).rejects.toMatchObject({
    code: 'provider_unreachable',
  });
});

test.each([
  ['its own length', (response: ServerResponse) => void response.end('abc'), true],
  [
    'a line feed at its end',
    (response: ServerResponse) => void response.write('ab\n', () => response.end()),
    true,
  ],
  ['neither', (response: ServerResponse) => void response.write('abc', () => response.end()), false],
  ['no content', (response: ServerResponse) => void response.end(), false],
])('a file of another size than the provider says, with %s', async (_how, content, isWhole) => {
  await using server = await fakeServer((request, response) =>
    request.url?.endsWith('content') ? content(response) : sendJson(response, { bytes: 900 }),
  );
  const warnings: string[] = [];
  const { batches } = at(server.url, (message) => void warnings.push(message));
  const path = join(folder, 'odd');
  await expect(batches.fetch('b', 'f', path, never)).rejects.toMatchObject({
    code: 'download_cut',
    retryable: true,
  });
  const [second] = await Promise.allSettled([batches.fetch('b', 'f', path, never)]);
  expect(second.status).toBe(isWhole ? 'fulfilled' : 'rejected');
  expect(warnings).toHaveLength(isWhole ? 1 : 0);
});

test('a file that is still growing is not taken, whole lines or not', async () => {
  let lines = 0;
  await using server = await fakeServer((request, response) => {
    if (!request.url?.endsWith('content')) return sendJson(response, { bytes: 900 });
    response.write('a\n'.repeat((lines += 1)), () => response.end());
  });
  const { batches } = at(server.url);
  for (let time = 0; time < 3; time += 1)
    await expect(batches.fetch('b', 'f', join(folder, 'grows'), never)).rejects.toMatchObject({
      code: 'download_cut',
    });
});

/** A forward proxy, which also takes tunnels. */
async function forwardProxy() {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    sendJson(response, { data: [] });
  });
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    const [, port] = (request.url ?? '').split(':');
    const target = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    for (const end of [socket, target]) end.on('error', () => socket.destroy());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', () => resolve());
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host: `127.0.0.1:${address.port}`,
    seen,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('goes through the proxy of the environment, and uploads stream through it', async () => {
  let uploaded = 0;
  await using server = await fakeServer(async (request, response) => {
    uploaded = (await readBody(request)).length;
    sendJson(response, { id: 'file-1', data: [] });
  });
  using proxy = await forwardProxy();
  const port = new URL(server.url).port;
  const provider = await openProvider(
    { base_url: `http://api.example.invalid:${port}/v1` },
    { HTTP_PROXY: `http://user:pass%21@${proxy.host}` },
  );
  await provider.check(never);
  expect(proxy.seen).toEqual([expect.stringContaining('api.example.invalid')]);
  expect(proxy.seen[0]).toContain(`Basic ${Buffer.from('user:pass!').toString('base64')}`);
  const path = join(folder, 'up.jsonl');
  await writeFile(path, Buffer.alloc(3_000_000, 97));
  await expect(provider.batches.store?.(chunkFile({ path, bytes: 3_000_000 }), never)).resolves.toBe(
    'file-1',
  );
  expect(uploaded).toBeGreaterThan(3_000_000);
});

test.each([
  [{ http_proxy: 'http://PROXY' }, true],
  [{ HTTP_PROXY: 'PROXY' }, true],
  [{ HTTPS_PROXY: 'http://PROXY' }, false],
  [{ HTTP_PROXY: 'http://PROXY', NO_PROXY: '127.0.0.1' }, false],
  [{ HTTP_PROXY: 'http://PROXY', no_proxy: '*' }, false],
  [{}, false],
])('reads %j', async (variables, isUsed) => {
  await using server = await fakeServer((_request, response) => sendJson(response, { data: [] }));
  using proxy = await forwardProxy();
  const env = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replace('PROXY', proxy.host)]),
  );
  await (await openProvider({ base_url: server.url }, env)).check(never);
  expect(proxy.seen.length > 0).toBe(isUsed);
});

test('says what is wrong with the address of a proxy, without showing it', async () => {
  const env = { HTTPS_PROXY: 'socks5://u:secretword@h:1' };
  const failure: unknown = await openProvider({ base_url: 'http://x/v1' }, env).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code: 'proxy_invalid', message: expect.stringContaining('HTTPS_PROXY') });
  expect(String(failure)).not.toContain('secretword');
});

test('says that a proxy asks for a password, which no waiting brings', async () => {
  const refusing = createNetServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () =>
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n'),
    );
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  refusing.listen(0, '127.0.0.1', () => resolve());
  await promise;
  const { port } = refusing.address() as AddressInfo;
  const provider = await openProvider(
    { base_url: 'https://api.example.invalid/v1' },
    { HTTPS_PROXY: `http://127.0.0.1:${port}` },
  );
  await expect(provider.check(never)).rejects.toMatchObject({
    code: 'provider_unreachable',
    retryable: false,
    hint: expect.stringContaining('The proxy wants'),
  });
  refusing.close();
});
