import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createDispatcher } from '../../../src/providers/http/dispatcher.ts';
import { patientFetch } from '../../../src/providers/http/patient-fetch.ts';

const silenceMs = 200;
const words = 'Grüße, 世界';

async function asked(listener: RequestListener, signal: AbortSignal | null = null) {
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => listener(request, response));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const send = patientFetch({ silenceMs, follows: false }, await createDispatcher(null));
  const response = send(`http://127.0.0.1:${port}/v1/chat?a=b`, {
    method: 'POST',
    body: words,
    headers: { 'content-type': 'text/plain', 'x-own': 'kept' },
    signal,
  });
  return {
    response,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('what is text is sent without a stream, as it is', async () => {
  await using exchange = await asked((request, response) => {
    const { method, url, headers } = request;
    response.writeHead(429, { 'set-cookie': ['a=1', 'b=2'], 'retry-after': '3' });
    response.end(JSON.stringify({ method, url, own: headers['x-own'], length: headers['content-length'] }));
  });
  const response = await exchange.response;
  expect(response.body).toBeNull();
  expect(response).toMatchObject({ status: 429, ok: false, statusText: 'Too Many Requests' });
  expect(response.headers.get('retry-after')).toBe('3');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  const length = String(Buffer.byteLength(words));
  const seen = { method: 'POST', url: '/v1/chat?a=b', own: 'kept', length };
  expect(JSON.parse(await response.text())).toEqual(seen);
});

test.each([
  ['gzip', gzipSync(words)],
  ['br', brotliCompressSync(words)],
  ['gzip, br', brotliCompressSync(gzipSync(words))],
  ['identity', Buffer.from(`\uFEFF${words}`)],
])('an answer in %s is read', async (encoding, bytes) => {
  await using exchange = await asked((_request, response) => {
    response.writeHead(200, { 'content-encoding': encoding });
    // In the middle of a character.
    response.write(bytes.subarray(0, 7));
    setImmediate(() => response.end(bytes.subarray(7)));
  });
  expect(await (await exchange.response).text()).toBe(words);
});

test('a redirect is not followed', async () => {
  await using exchange = await asked((_request, response) =>
    response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
  );
  await expect(exchange.response).rejects.toThrow('unexpected redirect');
});

test('an answer that falls silent, or breaks off, fails where it is read', async () => {
  for (const end of ['silent', 'cut'] as const) {
    await using exchange = await asked((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => {
        if (end === 'cut') response.destroy();
      });
    });
    const response = await exchange.response;
    const code = end === 'cut' ? 'UND_ERR_SOCKET' : 'UND_ERR_BODY_TIMEOUT';
    await expect(response.text()).rejects.toMatchObject({ code });
  }
});

test('is broken off before its answer begins', async () => {
  const abort = new AbortController();
  const closed = Promise.withResolvers<string>();
  await using exchange = await asked((_request, response) => {
    response.once('close', () => closed.resolve('closed'));
    abort.abort(new Error('no more'));
  }, abort.signal);
  await expect(exchange.response).rejects.toThrow('no more');
  expect(await closed.promise).toBe('closed');
});

test('is broken off while its answer comes', async () => {
  const abort = new AbortController();
  const closed = Promise.withResolvers<string>();
  await using exchange = await asked((_request, response) => {
    response.once('close', () => closed.resolve('closed'));
    response.write('half');
  }, abort.signal);
  const response = await exchange.response;
  abort.abort(new Error('no more'));
  await expect(response.text()).rejects.toThrow('no more');
  expect(await closed.promise).toBe('closed');
});

test('is not sent once it is too late', async () => {
  let hits = 0;
  await using exchange = await asked(
    (_request, response) => {
      hits += 1;
      response.end();
    },
    AbortSignal.abort(new Error('no more')),
  );
  await expect(exchange.response).rejects.toThrow('no more');
  expect(hits).toBe(0);
});
