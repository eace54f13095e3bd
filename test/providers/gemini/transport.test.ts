import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { requestBlock } from '../../../src/core/request-block.ts';
import { gemini } from '../../../src/providers/gemini.ts';
import { displayNameOf } from '../../../src/providers/gemini/label.ts';
import { chunkFile } from '../chunk-file.ts';
import { type Answer, type FakeServer, fakeServer, readBody, sendJson } from '../fake-server.ts';
import { never } from '../openai/open.ts';
import { openProvider } from './open.ts';

const origin = ({ url }: FakeServer): string => new URL(url).origin;
const openAt = (server: FakeServer) => openProvider({ base_url: origin(server), api_key: 'secret-key' });
const rpc = (name: string) => `type.googleapis.com/google.rpc.${name}`;
const chunk = chunkFile({
  request: requestBlock.parse({ endpoint: 'chat', model: 'gemini-2.5-flash', prompt: 'x' }),
});

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batchline-gemini-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function fileOf(text: string) {
  const path = join(folder, 'requests.jsonl');
  await writeFile(path, text);
  return { ...chunk, path, bytes: Buffer.byteLength(text) };
}

test('an upload is begun, and sent in one piece to where the server says, without the key where that is elsewhere', async () => {
  const heads: IncomingMessage['headers'][] = [];
  let received = '';
  await using storage = await fakeServer(async (request, response) => {
    heads.push(request.headers);
    received = (await readBody(request)).toString();
    sendJson(response, { file: { name: 'files/in-1' } });
  });
  await using server = await fakeServer(async (request, response) => {
    heads.push(request.headers);
    expect(JSON.parse((await readBody(request)).toString())).toEqual({
      file: { displayName: 'batchline-20261123-142501-1f3a9c-1-0123456789ab.jsonl' },
    });
    sendJson(response, {}, 200, { 'x-goog-upload-url': `${origin(storage)}/put?upload_id=1` });
  });
  const { batches } = await openAt(server);
  expect(await batches.store?.(await fileOf('{"key":"a"}\n'), never)).toBe('files/in-1');
  expect(server.requests).toEqual(['POST /upload/v1beta/files']);
  expect(storage.requests).toEqual(['POST /put?upload_id=1']);
  expect(received).toBe('{"key":"a"}\n');
  const [start, put] = heads;
  expect(start).toMatchObject({
    'x-goog-api-key': 'secret-key',
    'x-goog-upload-command': 'start',
    'x-goog-upload-header-content-length': '12',
  });
  expect(put).toMatchObject({ 'x-goog-upload-command': 'upload, finalize', 'content-length': '12' });
  expect(put).not.toHaveProperty('x-goog-api-key');
});

test('a create names batch and input, at the model and for the endpoint', async () => {
  const bodies: unknown[] = [];
  await using server = await fakeServer(async (request, response) => {
    bodies.push(JSON.parse((await readBody(request)).toString()));
    sendJson(response, { name: 'batches/1', metadata: { state: 'BATCH_STATE_PENDING' } });
  });
  const { batches } = await openAt(server);
  expect(await batches.create(chunk, 'files/in-1', never)).toMatchObject({ id: 'batches/1' });
  const embedding = requestBlock.parse({ endpoint: 'embeddings', model: 'gemini-embedding-001', input: 'x' });
  await batches.create({ ...chunk, request: embedding }, 'files/in-1', never);
  expect(server.requests).toEqual([
    'POST /v1beta/models/gemini-2.5-flash:batchGenerateContent',
    'POST /v1beta/models/gemini-embedding-001:asyncBatchEmbedContent',
  ]);
  expect(bodies[0]).toEqual({
    batch: {
      displayName: 'batchline-tags-0123456789abcdef-20261123-142501-1f3a9c-1-1',
      inputConfig: { fileName: 'files/in-1' },
    },
  });
});

const quota = (quotaId: string) => [{ '@type': rpc('QuotaFailure'), violations: [{ quotaId }] }];
const generic = 'You exceeded your current quota, please check your plan and billing details.';

test.each([
  [429, { message: generic }, { kind: 'room', of: 'tokens' }],
  [429, { message: 'Too many concurrent batch requests.' }, { kind: 'room', of: 'batches' }],
  [400, { message: 'Line 3: not JSON.', status: 'INVALID_ARGUMENT' }, { kind: 'lines' }],
  [400, { message: 'The input file is too large.' }, { kind: 'size' }],
])('a create that is answered %d %j is a refusal', async (status, error, refusal) => {
  await using server = await fakeServer((_request, response) => sendJson(response, { error }, status));
  const { batches } = await openAt(server);
  await expect(batches.create(chunk, 'files/in-1', never)).resolves.toMatchObject(refusal);
});

test.each([
  [429, { message: generic, details: quota('RequestsPerDay') }, 'insufficient_quota', false],
  [429, { message: generic, details: quota('RequestsPerMinute') }, 'rate_limited', true],
  [400, { message: 'API key not valid.', status: 'INVALID_ARGUMENT' }, 'provider_unauthorized', false],
  [403, { message: 'You may not access the File x or it may not exist.' }, 'file_not_found', true],
  [400, { message: 'The File x is not in an ACTIVE state.' }, 'file_not_found', true],
])('a create that is answered %d %j did nothing', async (status, error, code, retryable) => {
  await using server = await fakeServer((_request, response) => sendJson(response, { error }, status));
  const { batches } = await openAt(server);
  const created = batches.create(chunk, 'files/in-1', never);
  await expect(created).rejects.toMatchObject({ code, retryable, outcome: 'absent' });
});

test.each([
  ['no longer known', 404, {}],
  ['not taken whole', 308, { range: 'bytes=0-3' }],
  ['left open', 200, { 'x-goog-upload-status': 'active' }],
])('an upload that is %s begins anew', async (_what, status, headers) => {
  await using server = await fakeServer(async (request, response) => {
    await readBody(request);
    const address = `${origin(server)}/put`;
    if (request.url === '/put') response.writeHead(status, headers).end();
    else sendJson(response, {}, 200, { 'x-goog-upload-url': address });
  });
  const { batches } = await openAt(server);
  const upload = batches.store?.(await fileOf('{"key":"a"}\n'), never);
  await expect(upload).rejects.toMatchObject({ code: 'upload_lost', retryable: true });
});

const batch = (id: number) => ({ name: `batches/${id}`, metadata: { displayName: 'mine' } });

test('a listing is read page by page, and does not go in circles', async () => {
  const pages: Readonly<Record<string, object>> = {
    '': { operations: [batch(3), batch(2)], nextPageToken: 'b' },
    b: { nextPageToken: 'c' },
    c: { operations: [batch(1)], nextPageToken: 'b' },
  };
  await using server = await fakeServer((request, response) =>
    sendJson(response, pages[new URL(request.url ?? '', 'http://a').searchParams.get('pageToken') ?? '']),
  );
  const { batches } = await openAt(server);
  const ids = (await Array.fromAsync(batches.list(never))).map(({ id }) => id);
  expect(ids).toEqual(['batches/3', 'batches/2', 'batches/1']);
});

/** A batch of three rows, whose file holds what is given each time. */
function threeRows(...downloads: readonly string[]): Answer {
  const left = [...downloads];
  return (request, response) => {
    if (request.url?.includes(':download') === true) response.end(left.shift());
    else {
      const stats = { batchStats: { successfulRequestCount: '2', failedRequestCount: '1' } };
      sendJson(response, { name: 'batches/1', metadata: { state: 'BATCH_STATE_SUCCEEDED', ...stats } });
    }
  };
}

test('a file of results is whole when it has the lines that its batch speaks of', async () => {
  await using server = await fakeServer(threeRows('{}\n{}\n', '{}\n\n{}\n{}'));
  const { batches } = await openAt(server);
  const fetch = () => batches.fetch('batches/1', 'files/out', join(folder, 'out'), never);
  await expect(fetch()).rejects.toMatchObject({ code: 'download_cut', retryable: true });
  await fetch();
  expect(await readFile(join(folder, 'out'), 'utf8')).toBe('{}\n\n{}\n{}');
  expect(server.requests).toContain('GET /v1beta/files/out:download?alt=media');
});

test('what comes twice with the same lines is taken, with a warning', async () => {
  await using server = await fakeServer(threeRows('{}\n{}\n', '{}\n{}\n'));
  const warnings: string[] = [];
  const { batches } = await gemini.open(
    gemini.config.parse({ base_url: origin(server), api_key: 'secret-key' }),
    { stateDir: '', env: {}, signal: never, warn: (message) => void warnings.push(message) },
  );
  const fetch = () => batches.fetch('batches/1', 'files/out', join(folder, 'out'), never);
  await expect(fetch()).rejects.toMatchObject({ code: 'download_cut' });
  await fetch();
  expect(warnings).toEqual([expect.stringMatching(/2 lines, not 3/)]);
});

test('a line is asked as it stands, and the body says how long to wait', async () => {
  let received = '';
  await using server = await fakeServer(async (request, response) => {
    received = (await readBody(request)).toString();
    const details = [{ '@type': rpc('RetryInfo'), retryDelay: '1.5s' }];
    sendJson(
      response,
      { error: { code: 429, message: 'Slow.', status: 'RESOURCE_EXHAUSTED', details } },
      429,
    );
  });
  const { direct } = await openAt(server);
  const body = '{"contents":[{"n":12345678901234567890}]}';
  const path = gemini.dialect.path(chunk.request);
  const answer = await direct.ask(Buffer.from(`{"key":"a","request":${body}}`), path, never);
  expect(received).toBe(body);
  expect(server.requests).toEqual(['POST /v1beta/models/gemini-2.5-flash:generateContent']);
  expect(answer).toMatchObject({ status: 429, pace: { retryAfterMs: 1500 } });
  expect(JSON.parse(answer.body)).toMatchObject({ error: { status: 'RESOURCE_EXHAUSTED' } });
});

test('a tier goes with a request by the name that Google has for it, and comes back by ours', async () => {
  const bodies: string[] = [];
  await using server = await fakeServer(async (request, response) => {
    bodies.push((await readBody(request)).toString());
    sendJson(response, {});
  });
  const { direct } = await openAt(server);
  const line = Buffer.from('{"key":"a","request":{"contents":[]}}');
  for (const tier of ['flex', 'default', undefined]) await direct.ask(line, '/v1beta/x', never, tier);
  expect(bodies).toEqual([
    '{"serviceTier":"flex","contents":[]}',
    '{"serviceTier":"standard","contents":[]}',
    '{"contents":[]}',
  ]);
  const { dialect } = gemini;
  const served = (serviceTier: string) =>
    dialect.reply('chat', { usageMetadata: { serviceTier } }).billing?.tier;
  expect(['FLEX', 'standard'].map(served)).toEqual(['flex', 'default']);
  expect(dialect.tiers?.of('embeddings')).toEqual([]);
  const params = { generationConfig: { maxOutputTokens: 9 } };
  expect(dialect.outputCeiling?.({ ...chunk.request, params })).toBe(9);
  expect(dialect.outputCeiling?.({ ...chunk.request, params: { max_tokens: 7 } })).toBe(7);
});

test.each([
  [{ GEMINI_API_KEY: 'first', GOOGLE_API_KEY: 'second' }, 'first'],
  [{ GEMINI_API_KEY: '', GOOGLE_API_KEY: 'second' }, 'second'],
])('the key of %j is %s', async (env, key) => {
  let sent: unknown;
  await using server = await fakeServer((request, response) => {
    sent = request.headers['x-goog-api-key'];
    sendJson(response, {});
  });
  const provider = await openProvider({ base_url: `${origin(server)}/v1beta/` }, env);
  await provider.check(never);
  expect(sent).toBe(key);
  expect(server.requests).toEqual(['GET /v1beta/models?pageSize=1']);
});

test('a key that no header takes is named by its variable, and one that is missing by both', async () => {
  await expect(openProvider({}, { GOOGLE_API_KEY: 'a–b' })).rejects.toMatchObject({
    code: 'provider_unauthorized',
    where: 'GOOGLE_API_KEY',
  });
  const provider = await openProvider({});
  await expect(provider.check(never)).rejects.toMatchObject({
    hint: expect.stringMatching(/GEMINI.*GOOGLE/) as string,
  });
});

test('headers and query go with every call', async () => {
  const headers: unknown[] = [];
  await using server = await fakeServer((request, response) => {
    headers.push(request.headers['x-route']);
    sendJson(response, {});
  });
  const block = { base_url: origin(server), headers: { 'x-route': 'google' }, query: { provider: 'g' } };
  const provider = await openProvider(block);
  await provider.check(never);
  expect(headers).toEqual(['google']);
  expect(server.requests).toEqual(['GET /v1beta/models?provider=g&pageSize=1']);
});

test('a model that is not there is told, with the one that may be meant', async () => {
  await using server = await fakeServer((request, response) => {
    if (request.url?.includes('?') === true)
      return sendJson(response, { models: [{ name: 'models/gemini-2.5-flash' }] });
    const message = `models/${request.url?.split('/').at(-1)} is not found for API version v1beta.`;
    return sendJson(response, { error: { code: 404, message, status: 'NOT_FOUND' } }, 404);
  });
  const provider = await openAt(server);
  await expect(provider.checkModel?.('gemini-2.5-flahs', never)).rejects.toMatchObject({
    code: 'model_not_found',
    hint: expect.stringMatching(/gemini-2\.5-flash/) as string,
  });
});

test('a server that does not know the call says nothing of the model', async () => {
  await using server = await fakeServer((_request, response) => sendJson(response, {}, 404));
  const provider = await openAt(server);
  await expect(provider.checkModel?.('gemini-2.5-flash', never)).resolves.toBeUndefined();
});

test('uploads of ours are listed and deleted; results of too long a name are left to Google', async () => {
  const ours = { name: 'files/a', displayName: 'batchline-20261123-142501-1f3a9c-1-0123456789ab.jsonl' };
  const refusals: Readonly<Record<string, readonly [number, string]>> = {
    'files/gone': [403, 'You do not have permission to access the File gone or it may not exist.'],
    [`files/${'b'.repeat(42)}`]: [400, 'Invalid resource name.'],
  };
  await using server = await fakeServer((request, response) => {
    if (request.method === 'GET') return sendJson(response, { files: [ours, { name: 'files/theirs' }] });
    const [status, message] = refusals[request.url?.slice('/v1beta/'.length) ?? ''] ?? [200, ''];
    return sendJson(response, { error: { code: status, message } }, status);
  });
  const { leftovers } = (await openAt(server)).batches;
  if (leftovers === undefined) throw new Error('It keeps nothing.');
  const found = await Array.fromAsync(leftovers.list(never));
  expect(found).toEqual([{ id: 'files/a', run: '20261123-142501-1f3a9c', createdAt: null }]);
  for (const id of ['files/a', ...Object.keys(refusals)]) await leftovers.delete(id, never);
});

test('a batch that is listed without its name is asked for it', async () => {
  const displayName = displayNameOf(chunk.label);
  await using server = await fakeServer((request, response) => {
    const [path] = (request.url ?? '').split('?');
    if (path === '/v1beta/batches/2') return sendJson(response, { error: { code: 404 } }, 404);
    if (path !== '/v1beta/batches')
      return sendJson(response, { name: 'batches/1', metadata: { displayName } });
    const named = { name: 'batches/3', metadata: { displayName: 'mine' } };
    return sendJson(response, { operations: [{ name: 'batches/1' }, { name: 'batches/2' }, named] });
  });
  const { batches } = await openAt(server);
  const listed = await Array.fromAsync(batches.list(never));
  expect(listed.map(({ id, label }) => [id, label])).toEqual([
    ['batches/1', chunk.label],
    ['batches/3', null],
  ]);
  expect(server.requests).toHaveLength(3);
});

test('what was uploaded is not asked for again: it cannot be downloaded', async () => {
  await using server = await fakeServer((_request, response) =>
    sendJson(response, { name: 'batches/1', metadata: { inputConfig: { fileName: 'files/in' } } }),
  );
  const { batches } = await openAt(server);
  const fetched = batches.fetch('batches/1', 'files/in', join(folder, 'in'), never);
  await expect(fetched).rejects.toMatchObject({ code: 'file_not_found', retryable: false });
  expect(server.requests).toEqual(['GET /v1beta/batches/1']);
});
