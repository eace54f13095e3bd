import { describe, expect, test } from 'vitest';
import { anthropicDialect as dialect } from '../../../src/providers/anthropic/dialect/dialect.ts';
import { paceHints } from '../../../src/providers/anthropic/direct.ts';
import type { JsonMap } from '../../../src/core/json.ts';
import { requestBlock } from '../../../src/core/request-block.ts';

function reply(message: JsonMap) {
  return dialect.reply('chat', { content: [{ type: 'text', text: 'Hi' }], ...message });
}

function ceiling(params: JsonMap) {
  return dialect.outputCeiling?.(requestBlock.parse({ endpoint: 'chat', model: 'm', prompt: 'x', params }));
}

function direct(status: number, body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body, null, 2);
  const pace = { retryAfterMs: null, requests: null, tokens: null };
  const line = dialect.resultLine('r1', { status, requestId: 'req_1', body: text, pace });
  expect(line).not.toMatch(/[\r\n]/);
  return dialect.split(JSON.parse(line) as JsonMap);
}

describe('an answer', () => {
  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['pause_turn', 'pause_turn'],
    ['Some_New_Reason', 'some_new_reason'],
  ])('that ended by %s ended by %s', (reason, finish) => {
    expect(reply({ stop_reason: reason }).finishReason).toBe(finish);
  });

  test('is its text, without what was thought', () => {
    const content = [
      { type: 'thinking', thinking: 'Hm.' },
      { type: 'redacted_thinking', data: 'x' },
      { type: 'text', text: 'One, ' },
      { type: 'tool_use', id: 't', name: 'a', input: {} },
      { type: 'text', text: 'two.' },
    ];
    expect(reply({ content })).toMatchObject({ text: 'One, two.', hasCalls: true, isEmpty: false });
    expect(reply({ content: [] })).toMatchObject({ text: null, hasCalls: false, isEmpty: true });
  });

  test('may be a refusal, with its reason', () => {
    const stop_details = { type: 'refusal', category: 'cyber', explanation: null };
    expect(reply({ stop_reason: 'refusal', content: [], stop_details }).refusal).toContain('cyber');
    expect(reply({ stop_reason: 'refusal' }).refusal).toBe('Hi');
    expect(reply({ stop_reason: 'end_turn' }).refusal).toBeNull();
  });

  test('counts what was read from the cache and written to it as input', () => {
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 200,
      output_tokens: 5,
    };
    expect(reply({ usage }).usage).toEqual({
      input_tokens: 1210,
      output_tokens: 5,
      total_tokens: 1215,
      cached_tokens: 1000,
    });
    expect(reply({ usage: { output_tokens: 5 } }).usage).toMatchObject({
      input_tokens: null,
      total_tokens: null,
    });
  });
});

test('what an answer may have is known, also where the file leaves it to us', () => {
  expect(ceiling({ max_completion_tokens: 50 })).toBe(50);
  expect(ceiling({})).toBe(4096);
});

test('a reply names the tier that it was served in', () => {
  expect(reply({ usage: { service_tier: 'priority' } }).billing?.tier).toBe('priority');
});

describe('a synchronous answer as a line of results', () => {
  test('keeps an answer as it is', () => {
    const body = { type: 'message', content: [{ type: 'text', text: 'a\nb' }] };
    expect(direct(200, body)).toEqual({ kind: 'answered', customId: 'r1', requestId: 'req_1', body });
  });

  test.each([
    [
      400,
      { error: { type: 'error', error: { type: 'invalid_request_error', message: 'No.' } } },
      'row',
      false,
    ],
    [
      529,
      { error: { type: 'error', error: { type: 'overloaded_error', message: 'Busy.' } } },
      'provider',
      true,
    ],
    [
      404,
      { error: { type: 'error', error: { type: 'not_found_error', message: 'model: x' } } },
      'account',
      false,
    ],
    // What gateways and proxies say.
    [401, { error: { type: 'invalid_request_error', message: 'No key.' } }, 'account', false],
    [403, '<html><title>Blocked by a rule</title></html>', 'unclear', false],
    [403, { message: 'This key may not use the model.' }, 'account', false],
    [
      403,
      { error: { type: 'error', error: { type: 'permission_error', message: 'No.' } } },
      'account',
      false,
    ],
    [413, '<html><title>Too large</title></html>', 'row', false],
    [502, '<html><title>Bad gateway</title></html>', 'provider', true],
    [429, { detail: 'slow down' }, 'provider', true],
    [200, 'not JSON', 'provider', true],
  ] as const)('says of %i whose fault it is', (status, body, blame, retryable) => {
    expect(direct(status, body)).toMatchObject({ kind: 'failed', failure: { blame, retryable, ran: true } });
  });
});

test('a failure in words that are not the API’s keeps them', () => {
  expect(direct(503, { detail: 'no upstream' })).toMatchObject({
    failure: { code: 'api_error', message: '{"detail":"no upstream"}' },
  });
  expect(direct(500, '')).toMatchObject({ failure: { message: 'It answered 500.' } });
});

test('the pace is told by headers of its own, of which the tightest counts', () => {
  const now = Date.parse('2026-11-28T12:00:00Z');
  const headers = new Headers({
    'retry-after': '3',
    'anthropic-ratelimit-requests-remaining': '7',
    'anthropic-ratelimit-requests-reset': '2026-11-28T12:00:30Z',
    'anthropic-ratelimit-tokens-remaining': '5000',
    'anthropic-ratelimit-tokens-reset': '2026-11-28T12:00:01Z',
    'anthropic-ratelimit-output-tokens-remaining': '0',
    'anthropic-ratelimit-output-tokens-reset': '2026-11-28T12:00:09Z',
  });
  expect(paceHints(headers, now)).toEqual({
    retryAfterMs: 3000,
    requests: { remaining: 7, resetMs: 30_000 },
    tokens: { remaining: 0, resetMs: 9000 },
  });
  expect(paceHints(new Headers(), now)).toEqual({ retryAfterMs: null, requests: null, tokens: null });
});
