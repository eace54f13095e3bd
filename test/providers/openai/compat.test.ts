import { writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requestBlock } from '../../../src/core/request-block.ts';
import { openai } from '../../../src/providers/openai.ts';
import { chunkFile } from '../chunk-file.ts';
import { fakeServer, readBody, sendJson } from '../fake-server.ts';
import { never, openProvider } from './open.ts';

const folder = await mkdtemp(join(tmpdir(), 'batchline-compat-'));

test('leaves out what the server refuses, and adds the query to every request', async () => {
  const bodies: string[] = [];
  await using server = await fakeServer(async (request, response) => {
    bodies.push((await readBody(request)).toString());
    sendJson(response, { id: 'x', status: 'validating' });
  });
  const path = join(folder, 'in.jsonl');
  await writeFile(path, '{}\n');
  const { batches } = await openProvider({
    base_url: server.url,
    query: { 'api-version': 'preview' },
    compat: { metadata: false, output_expires_after: false },
  });
  const stored = await batches.store?.(chunkFile({ path, bytes: 3 }), never);
  await batches.create(chunkFile(), stored ?? null, never);
  expect(bodies[0]).not.toContain('expires_after');
  expect(JSON.parse(bodies[1] ?? '')).toEqual({
    input_file_id: 'x',
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  expect(server.requests).toEqual([
    'POST /v1/files?api-version=preview',
    'POST /v1/batches?api-version=preview',
  ]);
});

test('asks for embeddings as numbers', () => {
  const request = requestBlock.parse({ endpoint: 'embeddings', model: 'm', input: '{{ body }}' });
  const bodyOf = (compat: object) =>
    openai
      .dialectFor?.(openai.config.parse({ compat }))
      .body(request)
      .pieces.map((piece) => (piece.kind === 'json' ? piece.text : '?'))
      .join('');
  expect(bodyOf({ embeddings: 'float' })).toContain('"encoding_format":"float"');
  expect(bodyOf({})).toContain('"encoding_format":"base64"');
});

test.each([
  ['Unknown parameter: metadata', 'metadata: false'],
  ["Unrecognized request argument supplied: 'output_expires_after'", 'output_expires_after: false'],
  ['encoding_format must be float', 'embeddings: float'],
])('names the switch where a server says: %s', async (message, hint) => {
  await using server = await fakeServer((_request, response) =>
    sendJson(response, { error: { message } }, 400),
  );
  const { batches } = await openProvider({ base_url: server.url });
  await expect(batches.create(chunkFile(), 'f', never)).rejects.toMatchObject({
    code: 'provider_refused',
    hint: expect.stringContaining(`provider.compat: { ${hint} }`),
  });
});

const page =
  '<!DOCTYPE html><html><head><title>Corporate &amp; Firewall</title></head><body>Sign in</body></html>';

test.each([200, 400, 401, 403, 404])('names a web page by its title, status %d', async (status) => {
  await using server = await fakeServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(page);
  });
  const provider = await openProvider({ base_url: server.url });
  await expect(provider.check(never)).rejects.toMatchObject({
    code: 'provider_not_understood',
    retryable: false,
    message: expect.stringContaining('a web page, "Corporate & Firewall"'),
    hint: expect.stringContaining('firewall'),
  });
});

test('names a page without a title by its beginning, and waits for a gateway that is out of order', async () => {
  await using server = await fakeServer((_request, response) => {
    response
      .writeHead(502)
      .end(`<html><style>p{}</style><body><p>Out   of order</p>${'x'.repeat(900)}</body></html>`);
  });
  const provider = await openProvider({ base_url: server.url });
  await expect(provider.check(never)).rejects.toMatchObject({
    code: 'provider_error',
    retryable: true,
    message: expect.stringMatching(/a web page \(Out of order x{100,187}\)$/),
  });
});

test.each(['sk-\u201csecret\u201d', 'sk-se\ncret', 'sk\u2013secret', 'sk-secr\u00e9t', 'sk-\u0000'])(
  'refuses the key %j before it is sent, without showing it',
  async (key) => {
    const parsed = openai.config.safeParse({ api_key: key });
    expect(parsed.error?.issues[0]?.message).toContain('no header takes');
    const failure: unknown = await openProvider({}, { OPENAI_API_KEY: key }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'provider_unauthorized', exitCode: 2 });
    expect(JSON.stringify([String(failure), parsed.error?.issues])).not.toContain('secr');
    expect(openai.config.safeParse({ headers: { 'api-key': key } }).success).toBe(false);
  },
);

test('takes a key with a line feed at its end, which is cut off', async () => {
  const seen: unknown[] = [];
  await using server = await fakeServer(({ headers }, response) => {
    seen.push(headers.authorization);
    sendJson(response, { data: [] });
  });
  await (await openProvider({ base_url: server.url, api_key: 'sk-1\n' })).check(never);
  expect(seen).toEqual(['Bearer sk-1']);
});
