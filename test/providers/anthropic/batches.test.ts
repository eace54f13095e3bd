import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChunkFile } from '../../../src/core/batch-side.ts';
import type { BatchlineError } from '../../../src/core/errors.ts';
import { Account } from '../../../src/providers/anthropic/account.ts';
import { openAccount } from '../../../src/providers/anthropic/open.ts';
import { usualPatience } from '../../../src/providers/http/patience.ts';
import { chunkFile } from '../chunk-file.ts';
import { fakeServer, readBody, sendJson } from '../fake-server.ts';
import { never, openProvider } from './open.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batchline-anthropic-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function sealed(lines: readonly object[]): Promise<ChunkFile> {
  const path = join(folder, 'requests.jsonl');
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  await writeFile(path, text);
  return chunkFile({ path, bytes: Buffer.byteLength(text), requests: lines.length });
}

const line = { custom_id: 'r1', params: { model: 'm', messages: [{ role: 'user', content: 'a,\nb ü' }] } };

interface BatchOptions {
  readonly counts?: object;
  readonly [key: string]: unknown;
}

function batch({ counts, ...more }: BatchOptions = {}): object {
  const request_counts = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0, ...counts };
  return {
    id: 'msgbatch_1',
    type: 'message_batch',
    processing_status: 'in_progress',
    request_counts,
    created_at: '2026-11-28T12:00:00.500Z',
    expires_at: '2026-11-29T12:00:00.500Z',
    ended_at: null,
    archived_at: null,
    results_url: null,
    ...more,
  };
}

const openAt = ({ url }: { readonly url: string }, warn?: (message: string) => void) =>
  openProvider({ base_url: url, api_key: 'sk-ant-1' }, warn);

/** What a create comes to where the server answers it so. */
async function creating(status: number, body: unknown): Promise<unknown> {
  await using server = await fakeServer(async (request, response) => {
    await readBody(request);
    if (typeof body !== 'string') return sendJson(response, body, status);
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end(body);
  });
  const { batches } = await openAt(server);
  return await batches.create(await sealed([line]), null, never).catch((error: unknown) => error);
}

function apiError(type: string, message: string, details?: object): object {
  return { type: 'error', error: { type, message, ...(details && { details }) }, request_id: 'req_1' };
}

function page(title: string): string {
  return `<html><head><title>${title}</title></head></html>`;
}

describe('a create', () => {
  test('sends the lines as one list of stated length, as the official SDK does', async () => {
    const lines = [line, { ...line, custom_id: 'r2' }];
    let received = { body: '', headers: {} as IncomingMessage['headers'] };
    await using server = await fakeServer(async (request, response) => {
      received = { body: (await readBody(request)).toString(), headers: request.headers };
      sendJson(response, batch({ counts: { processing: 2 } }));
    });
    const headers = { 'x-route': 'eu' };
    const provider = await openProvider({
      base_url: server.url,
      api_key: 'sk-ant-1',
      headers,
      query: { via: 'gateway' },
    });
    const created = await provider.batches.create(await sealed(lines), null, never);
    expect(created).toMatchObject({ id: 'msgbatch_1', counts: { total: 2, completed: 0, failed: 0 } });
    expect(JSON.parse(received.body)).toEqual({ requests: lines });
    expect(server.requests).toEqual(['POST /v1/messages/batches?via=gateway']);
    expect(received.headers).toMatchObject({
      ...headers,
      authorization: 'Bearer sk-ant-1',
      'anthropic-version': expect.stringMatching(/^\d{4}-/),
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(received.body)),
    });
  });

  test('was surely not carried out where the API itself says that it failed', async () => {
    const own = { outcome: 'absent', retryable: true };
    expect(await creating(529, apiError('overloaded_error', 'Overloaded'))).toMatchObject(own);
    expect(await creating(500, apiError('api_error', 'Oops'))).toMatchObject(own);
    const others = { outcome: 'unknown', retryable: true };
    expect(await creating(502, '<html><title>Bad gateway</title></html>')).toMatchObject(others);
    expect(await creating(503, { message: 'no upstream' })).toMatchObject(others);
  });

  test.each([
    [400, apiError('invalid_request_error', 'Your credit balance is too low.'), 'insufficient_quota'],
    [402, apiError('billing_error', 'No.'), 'insufficient_quota'],
    [
      429,
      apiError('rate_limit_error', 'No.', { error_code: 'contract_spend_limit_reached' }),
      'insufficient_quota',
    ],
    [401, apiError('authentication_error', 'invalid x-api-key'), 'provider_unauthorized'],
    [403, apiError('permission_error', 'Not yours.'), 'provider_unauthorized'],
    [404, apiError('not_found_error', 'model: nope'), 'model_not_found'],
  ])('that is refused with %i for the account’s sake is not made again', async (status, body, code) => {
    expect(await creating(status, body)).toMatchObject({ code, outcome: 'absent', retryable: false });
  });

  test('is looked for like any other where something else says that it failed', async () => {
    expect(await creating(403, page('Blocked'))).toMatchObject({
      code: 'provider_not_understood',
      outcome: 'denied',
    });
    expect(await creating(400, { error: { message: 'upstream broke' } })).toMatchObject({
      kind: 'unexplained',
      isHearsay: true,
    });
    // A proxy does not let it through.
    expect(await creating(413, page('413 Request Entity Too Large'))).toMatchObject({
      kind: 'size',
      isHearsay: true,
    });
  });

  test('may be refused for its lines, its size, or what waits already', async () => {
    const invalid = (message: string) => creating(400, apiError('invalid_request_error', message));
    expect(await invalid('requests.0.custom_id: String should have at most 64 characters')).toEqual({
      kind: 'lines',
      lines: new Map([
        [1, { code: 'invalid_request_error', message: expect.stringContaining('at most 64 characters') }],
      ]),
    });
    expect(await invalid('requests: List should have at most 100000 items after validation')).toMatchObject({
      kind: 'size',
    });
    expect(await creating(413, apiError('request_too_large', 'Too large'))).toMatchObject({ kind: 'size' });
    expect(
      await creating(429, apiError('rate_limit_error', 'Too many requests in the batch queue.')),
    ).toMatchObject({ kind: 'room', of: 'batches' });
    expect(await creating(429, apiError('rate_limit_error', 'Slow down.'))).toMatchObject({
      code: 'rate_limited',
      retryable: true,
    });
  });
});

test('a create that stalls is given up, and may have been carried out', async () => {
  await using server = await fakeServer(() => new Promise<void>(() => undefined));
  const baseUrl = new URL(server.url).origin;
  const account = new Account({ apiKey: 'k', baseUrl, headers: {}, query: {}, proxies: null });
  const { batches } = openAccount(account, { patience: { ...usualPatience, silence: 200 } });
  const path = join(folder, 'big.jsonl');
  const bytes = 50_000_000;
  await writeFile(path, '');
  await truncate(path, bytes);
  await expect(batches.create(chunkFile({ path, bytes }), null, never)).rejects.toMatchObject({
    code: 'upload_stalled',
    outcome: 'unknown',
    retryable: true,
  });
});

test('no key is sent where there is none, whatever the environment of the process holds', async () => {
  let sent: IncomingMessage['headers'] = {};
  await using server = await fakeServer((request, response) => {
    sent = request.headers;
    sendJson(response, { data: [], has_more: false });
  });
  await (await openProvider({ base_url: server.url })).check(never);
  expect(sent).not.toHaveProperty('authorization');
  expect(sent).not.toHaveProperty('x-api-key');
});

describe('a batch', () => {
  const url = 'https://api.anthropic.com/v1/messages/batches/msgbatch_1/results';
  test.each([
    [{ counts: { processing: 3 } }, { status: 'in_progress', results: [] }],
    [{ processing_status: 'canceling', counts: { processing: 3 } }, { status: 'cancelling' }],
    [{ processing_status: 'paused' }, { status: 'unknown', rawStatus: 'paused' }],
    [
      { processing_status: 'ended', counts: { succeeded: 2, errored: 1 }, results_url: url },
      {
        status: 'completed',
        results: [{ id: url, holds: 'both' }],
        counts: { total: 3, completed: 2, failed: 1 },
      },
    ],
    [{ processing_status: 'ended', counts: { succeeded: 2, expired: 1 } }, { status: 'expired' }],
    [{ processing_status: 'ended', counts: { expired: 1, canceled: 1 } }, { status: 'cancelled' }],
    [
      { processing_status: 'ended', counts: { succeeded: 3 }, archived_at: '2026-12-28T12:00:00Z' },
      { status: 'completed', results: [{ holds: 'both', isGone: true }] },
    ],
  ])('is understood: %o', async (given, wanted) => {
    await using server = await fakeServer((_, response) => sendJson(response, batch(given)));
    const { batches } = await openAt(server);
    expect(await batches.look('msgbatch_1', never)).toMatchObject({
      label: null,
      input: null,
      refusal: null,
      createdAt: Date.parse('2026-11-28T12:00:00.500Z'),
      ...wanted,
    });
  });

  test('is listed page by page', async () => {
    const all = Array.from({ length: 150 }, (_, number) => batch({ id: `msgbatch_${number}` }));
    await using server = await fakeServer((request, response) => {
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      const first = query.get('after_id') === null ? 0 : Number(query.get('after_id')?.slice(9)) + 1;
      const limit = Number(query.get('limit'));
      const data = all.slice(first, first + limit);
      sendJson(response, { data, has_more: first + limit < all.length });
    });
    const { batches } = await openAt(server);
    const listed = await Array.fromAsync(batches.list(never));
    expect(listed.map(({ id }) => id)).toEqual(all.map((each) => (each as { readonly id: string }).id));
  });
});

/** Answers with a batch of four requests, and with so much of their results. */
function serving(results: string, elsewhere: Readonly<Record<string, string>> = {}) {
  return fakeServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '';
    if (path === '/v1/messages/batches/msgbatch_1')
      return sendJson(response, batch({ processing_status: 'ended', counts: { succeeded: 4 } }));
    const found = path === '/v1/messages/batches/msgbatch_1/results' ? results : elsewhere[path];
    if (found === undefined) return sendJson(response, apiError('not_found_error', 'gone'), 404);
    response.end(found);
  });
}

async function fetched(server: { readonly url: string }, part: string, times = 1): Promise<string> {
  const warnings: string[] = [];
  const { batches } = await openAt(server, (message) => warnings.push(message));
  const path = join(folder, 'results');
  let failure: BatchlineError | undefined;
  for (let time = 0; time < times; time += 1) {
    failure = await batches.fetch('msgbatch_1', part, path, never).then(
      () => undefined,
      (error: BatchlineError) => error,
    );
  }
  if (failure !== undefined) throw failure;
  return `${await readFile(path, 'utf8')}${warnings.join('')}`;
}

describe('results', () => {
  const text = '{"custom_id":"r1","result":{"type":"expired"}}\n'.repeat(3);

  test('are cut where lines are missing; where they are missing twice, the provider is wrong', async () => {
    await using server = await serving(text);
    await expect(fetched(server, 'any')).rejects.toMatchObject({ code: 'download_cut', retryable: true });
    expect(await fetched(server, 'any', 2)).toBe(
      `${text}The results of batch msgbatch_1 have 3 lines, not 4 as the provider says; they were taken.`,
    );
  });

  test('may end without a line feed, which nobody asks for', async () => {
    const whole = `${text}\n{"custom_id":"r4","result":{"type":"expired"}}`;
    await using server = await serving(whole);
    expect(await fetched(server, 'any')).toBe(whole);
  });

  test('are fetched where the batch says, but never from where the key does not belong', async () => {
    const whole = text + text;
    await using server = await serving(text, { '/files/1': whole });
    expect(await fetched(server, new URL('/files/1', server.url).href)).toBe(whole);
    await using stranger = await fakeServer((_, response) => void response.end(whole));
    await expect(fetched(server, `${stranger.url}/results`)).rejects.toMatchObject({ code: 'download_cut' });
    expect(stranger.requests).toEqual([]);
  });

  test('that are gone are told so', async () => {
    await using server = await fakeServer((request, response) =>
      request.url?.endsWith('/results') === true
        ? sendJson(response, apiError('invalid_request_error', 'The results have been archived.'), 400)
        : sendJson(response, batch({ processing_status: 'ended', archived_at: '2026-12-28T12:00:00Z' })),
    );
    await expect(fetched(server, 'any')).rejects.toMatchObject({ code: 'file_not_found' });
  });
});
