import { expect, test } from 'vitest';
import { fakeServer, readBody, sendJson } from '../fake-server.ts';
import { never, openProvider } from './open.ts';
import { paceHints } from '../../../src/providers/openai/direct-response.ts';
import { directResultLine, splitResultLine } from '../../../src/providers/openai/dialect/result-line.ts';
import type { JsonMap } from '../../../src/core/json.ts';

test.each([
  ['6m0s', 360_000],
  ['20ms', 20],
  ['1.5s', 1500],
  ['1h2m3s', 3_723_000],
  ['7', 7000],
])('a limit is whole again in %s', (reset, resetMs) => {
  const headers = new Headers({
    'x-ratelimit-remaining-requests': '3',
    'x-ratelimit-reset-requests': reset,
    'x-ratelimit-remaining-tokens': 'many',
    'x-ratelimit-reset-tokens': '1s',
    'retry-after-ms': '250',
  });
  const requests = { remaining: 3, resetMs };
  expect(paceHints(headers, 0)).toEqual({ retryAfterMs: 250, requests, tokens: null });
});

test('what says nothing of limits gives no hints', () => {
  const headers = new Headers({
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': 'soon',
  });
  expect(paceHints(headers, 0)).toEqual({ retryAfterMs: null, requests: null, tokens: null });
});

const read = (text: string) => splitResultLine(JSON.parse(text) as JsonMap);

test('an answer becomes a line of results, its digits and line ends in texts kept', () => {
  const body = '{\r\n  "id": 12345678901234567890,\n  "text": "a\\nb\u2028"\n}\n';
  const line = directResultLine('id-1', { status: 200, requestId: 'req-1', body });
  expect(line).not.toMatch(/[\r\n]/);
  expect(line).toContain('12345678901234567890');
  expect(read(line)).toMatchObject({
    kind: 'answered',
    customId: 'id-1',
    requestId: 'req-1',
    body: { text: 'a\nb\u2028' },
  });
});

test.each([
  ['<html>Bad gateway</html>', 502, { code: 'http_502', retryable: true, blame: 'provider' }],
  ['', 500, { code: 'http_500', retryable: true, blame: 'provider' }],
  [
    '{"error":{"message":"No.","code":"insufficient_quota"}}',
    429,
    { code: 'insufficient_quota', blame: 'account' },
  ],
  [
    '{"error":{"message":"No room.","code":"insufficient_capacity"}}',
    498,
    { retryable: true, blame: 'provider' },
  ],
  [
    '{"error":{"message":"Resource Unavailable","code":"insufficient_resource"}}',
    429,
    { retryable: true, blame: 'provider' },
  ],
  ['{"error":{"message":"Bad."}}', 400, { retryable: false, blame: 'row' }],
])('%s (%d) becomes a failure', (body, status, failure) => {
  expect(read(directResultLine('id-1', { status, requestId: null, body }))).toMatchObject({
    kind: 'failed',
    failure,
  });
});

const line = Buffer.from(
  '{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}',
);

const path = '/v1/chat/completions';

async function askAt(url: string): Promise<unknown> {
  const { direct } = await openProvider({ base_url: url, api_key: 'sk-1' });
  return direct.ask(line, path, never).catch((error: unknown) => error);
}

test('what could not even leave was surely not answered', async () => {
  const server = await fakeServer(() => undefined);
  await server[Symbol.asyncDispose]();
  for (const url of [server.url, 'http://no-such-host.invalid/v1'])
    expect(await askAt(url)).toMatchObject({
      code: 'provider_unreachable',
      retryable: true,
      outcome: 'absent',
    });
});

test('what was out when the connection broke may have been answered', async () => {
  await using server = await fakeServer((request) => void request.socket.destroy());
  expect(await askAt(server.url)).toMatchObject({ retryable: true, outcome: 'unknown' });
});

test.each(['<html><title>Log in</title></html>', '{"choices":[{"mess', ''])(
  "a success that is no JSON is nobody's answer, and may be another the next time: %s",
  async (body) => {
    await using server = await fakeServer((_request, response) => void response.end(body));
    expect(await askAt(server.url)).toMatchObject({
      code: 'provider_not_understood',
      retryable: true,
      outcome: 'unknown',
    });
  },
);

test('a web page in place of a refusal ends it, and is no answer to a row', async () => {
  await using server = await fakeServer((_request, response) => {
    response.writeHead(403, { 'content-type': 'text/html' });
    response.end('<html><title>Blocked</title></html>');
  });
  expect(await askAt(server.url)).toMatchObject({ code: 'provider_not_understood', retryable: false });
});

test('a tier is added to what is sent, which is else what the file holds', async () => {
  const bodies: string[] = [];
  await using server = await fakeServer(async (request, response) => {
    bodies.push((await readBody(request)).toString());
    sendJson(response, {});
  });
  const { direct } = await openProvider({ base_url: server.url, api_key: 'sk-1' });
  await direct.ask(line, path, never, 'flex');
  await direct.ask(line, path, never);
  expect(bodies).toEqual(['{"service_tier":"flex","model":"m"}', '{"model":"m"}']);
});
