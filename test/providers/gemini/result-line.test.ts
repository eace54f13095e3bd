import { expect, test } from 'vitest';
import type { JsonMap } from '../../../src/core/json.ts';
import { geminiDialect } from '../../../src/providers/gemini/dialect/dialect.ts';
import { retryDelayMs, readStatus } from '../../../src/providers/gemini/dialect/status.ts';

const split = (line: object) => geminiDialect.split(line as JsonMap);
const chat = (body: object) => geminiDialect.reply('chat', body as JsonMap);
const rpc = (name: string) => `type.googleapis.com/google.rpc.${name}`;
const quota = (...ids: readonly string[]) => ({
  code: 8,
  message: 'You exceeded your current quota, please check your plan and billing details.',
  status: 'RESOURCE_EXHAUSTED',
  details: [{ '@type': rpc('QuotaFailure'), violations: ids.map((quotaId) => ({ quotaId })) }],
});

test('an answer is read wherever its key stands', () => {
  const response = { candidates: [], modelVersion: 'm', responseId: 'r-1' };
  const answered = { kind: 'answered', customId: 'a', requestId: 'r-1', body: response };
  expect(split({ key: 'a', response })).toEqual(answered);
  expect(split({ response, key: 'a' })).toEqual(answered);
});

const passes = { retryable: true, blame: 'provider' };
const rows = { retryable: false, blame: 'row', ran: true };
const accounts = { retryable: false, blame: 'account' };

test.each([
  [
    { code: 13, message: 'An internal error has occurred.' },
    { code: 'internal', ...passes, ran: true },
  ],
  [{ code: 14 }, { code: 'unavailable', ...passes }],
  [{ code: 4 }, { code: 'deadline_exceeded', ...passes }],
  [
    { code: 503, status: 'UNAVAILABLE' },
    { code: 'unavailable', ...passes },
  ],
  [
    { code: 3, message: 'Too long.' },
    { code: 'invalid_argument', message: 'Too long.', ...rows },
  ],
  [
    { code: 400, message: 'Too long.' },
    { code: 'invalid_argument', ...rows },
  ],
  [{ code: 9 }, { code: 'failed_precondition', ...rows }],
  [{ code: 7 }, { code: 'permission_denied', ...accounts }],
  [{ code: 16 }, { code: 'unauthenticated', ...accounts }],
  [quota('GenerateRequestsPerMinutePerProjectPerModel'), { ...passes, ran: false }],
  [quota('RequestsPerMinute', 'GenerateRequestsPerDayPerProjectPerModel-FreeTier'), accounts],
  [{ code: 8, message: 'Your prepayment credits are depleted.' }, accounts],
  [{ code: 400, status: 'INVALID_ARGUMENT', message: 'API key not valid.' }, accounts],
  [{ code: 5, message: 'models/gemini-9 is not found for API version v1beta.' }, accounts],
  [
    { code: 'never_ran', message: 'Sent 10 times.', status: 'INTERNAL' },
    { code: 'never_ran', ...passes },
  ],
  ['broken', { message: 'broken', ...passes }],
])('the error %j has its owner', (error, failure) => {
  expect(split({ key: 'a', error })).toMatchObject({ kind: 'failed', customId: 'a', failure });
});

test('a status stands in place of an answer, but not where it says that all is well', () => {
  expect(split({ key: 'a', status: { code: 3, message: 'No.' } })).toMatchObject({
    kind: 'failed',
    failure: { message: 'No.', blame: 'row' },
  });
  expect(split({ key: 'a', status: { code: 0 }, response: { candidates: [{}] } })).toMatchObject({
    kind: 'answered',
  });
});

test('a line with neither answer nor error is owed; one that may hold an answer elsewhere is none of ours', () => {
  const owed = { kind: 'failed', failure: { code: 'no_response', retryable: true, ran: false } };
  expect(split({ key: 'a' })).toMatchObject(owed);
  expect(split({ key: 'a', response: {}, error: null })).toMatchObject(owed);
  expect(split({ key: 'a', candidates: [{ content: {} }] })).toBeNull();
  expect(split({ key: 'a', response: 'Hello.' })).toBeNull();
  expect(split({ response: { candidates: [{}] } })).toBeNull();
});

test('an id is found at either end of a line, and nowhere between', () => {
  const inside = '{"response":{"args":{"key":"mine","n":1},"x":"';
  expect(geminiDialect.idIn('{"key":"a-1","response":{"te')).toBe('a-1');
  expect(geminiDialect.idIn(`${inside}"}, "key": "a-1"}\n`)).toBe('a-1');
  expect(geminiDialect.idIn(inside)).toBeNull();
});

const part = (text: string, more: object = {}) => ({ text, ...more });
const answer = (parts: readonly object[], finishReason?: string) =>
  chat({ candidates: [{ content: { parts, role: 'model' }, finishReason }] });

test('the visible text is joined, without thoughts', () => {
  const parts = [part('Hm.', { thought: true }), part('Hel'), part('lo.', { thoughtSignature: 'x' })];
  expect(answer(parts, 'STOP')).toMatchObject({ text: 'Hello.', finishReason: 'stop', isEmpty: false });
});

test.each([
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['SPII', 'content_filter'],
  ['MALFORMED_FUNCTION_CALL', 'malformed_function_call'],
  ['FINISH_REASON_UNSPECIFIED', null],
  [undefined, null],
])('%s is %s', (word, finishReason) => {
  expect(answer([], word)).toMatchObject({ text: null, finishReason });
});

test('a call of a function is an answer without text', () => {
  expect(answer([{ functionCall: { name: 'f' } }], 'STOP')).toMatchObject({
    hasCalls: true,
    finishReason: 'tool_calls',
  });
});

test('a blocked prompt was refused, and a body without candidates is empty', () => {
  const blocked = chat({ promptFeedback: { blockReason: 'SAFETY', blockReasonMessage: 'No.' } });
  expect(blocked).toMatchObject({ refusal: 'The prompt was blocked (SAFETY): No.', isEmpty: false });
  expect(chat({ promptFeedback: {} })).toMatchObject({ refusal: null, isEmpty: true });
});

test('tokens read from a cache are part of the prompt, and thoughts are output', () => {
  const usageMetadata = {
    promptTokenCount: 100,
    cachedContentTokenCount: 60,
    candidatesTokenCount: 5,
    thoughtsTokenCount: 7,
    totalTokenCount: 112,
  };
  expect(chat({ candidates: [{}], usageMetadata, modelVersion: 'gemini-2.5-flash' })).toMatchObject({
    model: 'gemini-2.5-flash',
    usage: { input_tokens: 100, output_tokens: 12, total_tokens: 112, cached_tokens: 60 },
  });
});

test.each([
  [{ embedding: { values: [0.5, 1] } }, null],
  [{ embeddings: [{ values: [0.5, 1] }] }, null],
  [{ embedding: { values: [0.5, 1] }, tokenCount: '3' }, 3],
])('%j is a vector', (body, tokens) => {
  expect(geminiDialect.reply('embeddings', body)).toMatchObject({
    vector: [0.5, 1],
    isEmpty: false,
    usage: { input_tokens: tokens },
  });
});

const asLine = (status: number, body: string) =>
  split(
    JSON.parse(
      geminiDialect.resultLine('a', { status, body, requestId: null, pace: {} as never }),
    ) as JsonMap,
  );

test('a synchronous answer becomes a line of results, its digits kept', () => {
  const body = '{\r\n "candidates": [], "n": 12345678901234567890, "t": "a\\nb"\n}\n';
  const line = geminiDialect.resultLine('a', { status: 200, body, requestId: null, pace: {} as never });
  expect(line).not.toMatch(/[\r\n]/);
  expect(line).toContain('12345678901234567890');
  expect(asLine(200, body)).toMatchObject({ kind: 'answered', customId: 'a', body: { t: 'a\nb' } });
});

test.each([
  [502, '<html>Bad gateway</html>', { code: 'internal', ...passes }],
  [200, 'Welcome to the hotel', { code: 'internal', ...passes }],
  [500, '{"error":{"code":"never_ran","message":"x"}}', { code: 'never_ran', ...passes }],
  [429, JSON.stringify({ error: { ...quota('RequestsPerDay'), code: 429 } }), accounts],
  [400, '{"error":{"code":400,"message":"Bad.","status":"INVALID_ARGUMENT"}}', rows],
  [401, '', { code: 'unauthenticated', ...accounts }],
])('%d with %s is a failure', (status, body, failure) => {
  expect(asLine(status, body)).toMatchObject({ kind: 'failed', failure });
});

test.each([
  ['34.5s', 34_500],
  [{ seconds: '2' }, 2000],
  ['soon', null],
])('a delay of %j is %s ms', (retryDelay, ms) => {
  expect(retryDelayMs(readStatus({ details: [{ '@type': rpc('RetryInfo'), retryDelay }] }))).toBe(ms);
});
