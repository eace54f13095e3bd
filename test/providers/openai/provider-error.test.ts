import { expect, test } from 'vitest';
import type { Refusal, RemoteBatch } from '../../../src/core/batch-side.ts';
import type { OpenedProvider } from '../../../src/core/provider.ts';
import { chunkFile } from '../chunk-file.ts';
import { fakeServer, sendJson } from '../fake-server.ts';
import { never, openProvider } from './open.ts';

function create({ batches }: OpenedProvider): Promise<RemoteBatch | Refusal> {
  return batches.create(chunkFile(), 'file-1', never);
}

async function createError(status: number, error: unknown, headers: Readonly<Record<string, string>> = {}) {
  await using server = await fakeServer((_request, response) =>
    sendJson(response, { error }, status, headers),
  );
  const provider = await openProvider({ api_key: 'sk-secret-1234', base_url: server.url });
  const failure: unknown = await create(provider).catch((thrown: unknown) => thrown);
  expect(server.requests).toEqual(['POST /v1/batches']);
  return failure;
}

test.each([
  [400, { message: 'bad' }, { code: 'provider_refused', outcome: 'absent', retryable: false }],
  [
    401,
    { message: 'Incorrect API key provided: sk-secret-1234' },
    { code: 'provider_unauthorized', outcome: 'absent', retryable: false },
  ],
  [403, { message: 'no access' }, { code: 'provider_unauthorized', outcome: 'absent', retryable: false }],
  [404, { message: 'no route' }, { code: 'provider_not_found', outcome: 'absent', retryable: false }],
  [
    400,
    { message: 'Cannot find file file-1, or project p does not have access to it' },
    { code: 'file_not_found', outcome: 'absent', retryable: true },
  ],
  [408, { message: 'slow' }, { code: 'provider_error', outcome: 'unknown', retryable: true }],
  [409, { message: 'locked' }, { code: 'provider_error', outcome: 'unknown', retryable: true }],
  [429, { message: 'slow down' }, { code: 'rate_limited', outcome: 'absent', retryable: true }],
  [
    429,
    { message: 'You exceeded your current quota', code: 'insufficient_quota', type: 'insufficient_quota' },
    { code: 'insufficient_quota', outcome: 'absent', retryable: false },
  ],
  [500, { message: 'oops' }, { code: 'provider_error', outcome: 'unknown', retryable: true }],
  [503, { message: 'later' }, { code: 'provider_error', outcome: 'unknown', retryable: true }],
])('classifies a %i', async (status, body, expected) => {
  const failure = await createError(status, body);
  expect(failure).toMatchObject({ name: 'BatchlineError', ...expected });
  expect(JSON.stringify([String(failure), (failure as Error).cause, (failure as Error).stack])).not.toContain(
    'sk-secret',
  );
});

test.each([
  [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1500],
  [{ 'retry-after': '7' }, 7000],
  [{}, undefined],
])('honours %j', async (headers, expected) => {
  expect(await createError(429, { message: 'slow down' }, headers)).toMatchObject({ retryAfterMs: expected });
});

test('honours a date in retry-after', async () => {
  const headers = { 'retry-after': new Date(Date.now() + 30_000).toUTCString() };
  const failure = (await createError(503, { message: 'later' }, headers)) as { retryAfterMs: number };
  expect(failure.retryAfterMs).toBeGreaterThan(25_000);
  expect(failure.retryAfterMs).toBeLessThan(31_000);
});

test('tells a file that is too large from an error', async () => {
  expect(await createError(413, { message: 'large' })).toMatchObject({ kind: 'size' });
});

test('tells want of room from an error', async () => {
  const message = 'Enqueued token limit reached. Limit: 90,000 enqueued tokens.';
  expect(await createError(400, { message, code: 'token_limit_exceeded' })).toEqual({
    kind: 'room',
    of: 'tokens',
    limit: 90_000,
    message: expect.stringContaining(message),
  });
});

test('does not know what became of a create that was not answered', async () => {
  await using server = await fakeServer((request) => void request.socket.destroy());
  const provider = await openProvider({ base_url: server.url });
  await expect(create(provider)).rejects.toMatchObject({
    code: 'provider_unreachable',
    outcome: 'unknown',
    retryable: true,
  });
  expect(server.requests).toEqual(['POST /v1/batches']);
});

test('does not know what became of a create that was answered with something else', async () => {
  await using server = await fakeServer((_request, response) => void response.end('<html>hello</html>'));
  const provider = await openProvider({ base_url: server.url });
  await expect(create(provider)).rejects.toMatchObject({
    code: 'provider_not_understood',
    outcome: 'unknown',
  });
});

test('says that a server cannot be reached, which may pass', async () => {
  const server = await fakeServer(() => undefined);
  await server[Symbol.asyncDispose]();
  const provider = await openProvider({ base_url: server.url });
  const { host } = new URL(server.url);
  await expect(provider.check(never)).rejects.toMatchObject({
    code: 'provider_unreachable',
    retryable: true,
    message: `${host} cannot be reached, while checking the API key: the connection was refused (ECONNREFUSED)`,
  });
  await expect(provider.batches.look('b', never)).rejects.toMatchObject({
    code: 'provider_unreachable',
    retryable: true,
  });
});

test('names a host that does not exist; nobody waits for a name that never was', async () => {
  const provider = await openProvider({ base_url: 'http://no-such-host.invalid/v1' });
  await expect(provider.check(never)).rejects.toMatchObject({
    code: 'provider_unreachable',
    retryable: false,
    where: 'no-such-host.invalid',
  });
});

test('asks for a key before it asks OpenAI', async () => {
  const provider = await openProvider({});
  await expect(provider.check(never)).rejects.toMatchObject({
    code: 'provider_unauthorized',
    hint: expect.stringContaining('OPENAI_API_KEY'),
  });
});

test('follows no redirect', async () => {
  await using server = await fakeServer(
    (_request, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
  );
  const provider = await openProvider({ base_url: server.url });
  await expect(provider.check(never)).rejects.toMatchObject({
    code: 'provider_unreachable',
    hint: expect.stringContaining('redirects'),
  });
});

test('passes an abort on as it is', async () => {
  await using server = await fakeServer(() => undefined);
  const provider = await openProvider({ base_url: server.url });
  const controller = new AbortController();
  const stopped = provider.batches.look('b', controller.signal);
  setTimeout(() => controller.abort(new Error('stop now')), 50);
  await expect(stopped).rejects.toThrow('stop now');
});
