import { expect, test } from 'vitest';
import { givenUpLine } from '../../src/core/given-up.ts';
import { createOutputValidator } from '../../src/results/output-validator.ts';
import { chatBody, reader, readLine, resultLine } from './result-lines.ts';

const chat = 'chat';
const texts = reader(chat, ['text', 'request_id']);

test('reads a chat answer', () => {
  expect(readLine(texts, resultLine(chatBody('Héllo 😀')))).toEqual({
    kind: 'ok',
    customId: 'r-1',
    answer: {
      text: 'Héllo 😀',
      json: undefined,
      isRepaired: false,
      embedding: null,
      model: 'gpt-4o-mini-2024-07-18',
      finishReason: 'stop',
      requestId: 'req_1',
      usage: { input_tokens: 22, output_tokens: 2, total_tokens: 24, cached_tokens: 5 },
      billing: { tier: null, cacheWrite: 0, cacheWriteBriefly: 0 },
      body: null,
    },
  });
});

test('takes what a compatible server leaves out for null', () => {
  const body = {
    choices: [
      {
        message: {
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
      },
    ],
  };
  expect(readLine(texts, { custom_id: '1', response: { body } })).toMatchObject({
    kind: 'ok',
    answer: {
      text: 'ab',
      model: null,
      finishReason: null,
      requestId: null,
      usage: { input_tokens: null, cached_tokens: null },
    },
  });
});

test('reads an answer of the responses endpoint, without its reasoning', () => {
  const body = {
    status: 'completed',
    error: null,
    model: 'm',
    incomplete_details: null,
    output: [
      { type: 'reasoning', summary: [], content: [{ type: 'output_text', text: 'hidden' }] },
      {
        type: 'message',
        content: [
          { type: 'output_text', text: 'one ' },
          { type: 'output_text', text: 'two' },
        ],
      },
    ],
    usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7, input_tokens_details: { cached_tokens: 1 } },
  };
  expect(readLine(reader('responses', ['text']), resultLine(body))).toMatchObject({
    kind: 'ok',
    answer: {
      text: 'one two',
      finishReason: 'stop',
      usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7, cached_tokens: 1 },
    },
  });
});

test('reads embeddings of either encoding, wherever they lie in memory', () => {
  const floats = Float32Array.from([0.1, -2, 3.5e-8, 1e30]);
  const base64 = Buffer.from(floats.buffer).toString('base64');
  for (const embedding of [base64, [...floats]]) {
    for (const id of ['a', 'ab', 'abc', 'abcd']) {
      const line = resultLine(
        { model: 'm', data: [{ embedding, index: 0 }], usage: { prompt_tokens: 8, total_tokens: 8 } },
        200,
        id,
      );
      expect(readLine(reader('embeddings', ['embedding']), line)).toMatchObject({
        kind: 'ok',
        answer: { embedding: floats, usage: { input_tokens: 8, output_tokens: null, total_tokens: 8 } },
      });
    }
  }
  for (const embedding of ['AAA=', '', 'AAAA', {}, ['x'], []]) {
    const line = resultLine({ data: [{ embedding }] });
    expect(readLine(reader('embeddings', ['embedding']), line)).toMatchObject({
      stage: 'answer',
      code: 'invalid_embedding',
    });
  }
});

const httpError = {
  error: { message: 'bad param', type: 'invalid_request_error', param: 'x', code: 'invalid_value' },
};

test.each([
  [
    'an HTTP error of OpenAI',
    resultLine(httpError, 400),
    { code: 'invalid_value', message: 'bad param', retryable: false, ran: true },
  ],
  [
    'an HTTP error with a 2xx',
    resultLine(httpError, 200),
    { code: 'invalid_value', retryable: false, ran: true },
  ],
  [
    'a 500',
    resultLine({ error: { message: 'try again', type: 'server_error', code: null } }, 500),
    { code: 'server_error', retryable: true, ran: true },
  ],
  [
    'a 503 without words',
    resultLine({}, 503),
    { code: 'http_503', message: 'The provider answered 503.', retryable: true },
  ],
  ['a 429', resultLine({ error: { message: 'slow', code: 'rate' } }, 429), { code: 'rate', retryable: true }],
  ['a 408', resultLine({}, 408), { retryable: true }],
  ['a 409', resultLine({}, 409), { retryable: true }],
  ['a 404', resultLine({}, 404), { code: 'http_404', retryable: false }],
  [
    'status 0',
    resultLine({}, 0),
    { code: 'http_0', message: 'The request failed inside the provider.', retryable: true, ran: false },
  ],
  [
    'an expired line',
    { custom_id: 'r-1', response: null, error: { code: 'batch_expired', message: 'too late' } },
    { code: 'batch_expired', message: 'too late', retryable: true, ran: false },
  ],
  [
    'a cancelled line',
    { custom_id: 'r-1', response: null, error: { code: 'batch_cancelled', message: 'x' } },
    { retryable: true, ran: false },
  ],
  [
    'a canceled line',
    { custom_id: 'r-1', response: null, error: { code: 'batch_canceled', message: 'x' } },
    { retryable: true, ran: false },
  ],
  [
    'nothing at all',
    { custom_id: 'r-1', response: null, error: null },
    { code: 'no_response', retryable: true, ran: false },
  ],
  [
    'an unknown error',
    { custom_id: 'r-1', response: null, error: { code: 'who_knows', message: 'x' } },
    { code: 'who_knows', retryable: false, ran: false },
  ],
  [
    'an error of vLLM as text',
    { id: 'vllm-1', custom_id: 'r-1', response: { status_code: 400, body: null }, error: 'too long' },
    { code: 'http_400', message: 'too long', retryable: false, ran: true },
  ],
  [
    'an error of vLLM as an object',
    {
      custom_id: 'r-1',
      response: { status_code: 400, body: null },
      error: { object: 'error', message: 'no', type: 'BadRequestError', code: 400 },
    },
    { code: 'BadRequestError', message: 'no', retryable: false },
  ],
  [
    'a nested error of vLLM',
    {
      custom_id: 'r-1',
      response: null,
      error: { error: { message: 'no', type: 'InternalServerError', code: 500 } },
    },
    { code: 'InternalServerError', message: 'no', retryable: true, ran: true },
  ],
  ['a success without a body', resultLine(null, 200), { code: 'no_response', retryable: true, ran: true }],
  [
    'a failed response',
    resultLine({ status: 'failed', error: { code: 'server_error', message: 'x' } }, 200),
    { code: 'server_error', retryable: true },
  ],
])('classifies %s', (_what, line, expected) => {
  expect(readLine(texts, line)).toMatchObject({
    kind: 'failed',
    stage: 'request',
    customId: 'r-1',
    ...expected,
  });
});

const answer = chatBody('Paid for.');

test.each([
  ['a body without its envelope', { custom_id: 'r-1', ...answer }],
  ['a body where the response should stand', { custom_id: 'r-1', response: answer, error: null }],
  ['a body beside the response', { custom_id: 'r-1', response: null, error: null, body: answer }],
  ['a body as text', resultLine(JSON.stringify(answer))],
  ['a list as body', resultLine([answer])],
  ['a text as response', { custom_id: 'r-1', response: 'Paid for.' }],
  ['a text', { custom_id: 'r-1', content: 'Paid for.' }],
])('takes %s for what may be an answer, not for a failure', (_what, line) => {
  expect(readLine(texts, line).kind).toBe('unparsable');
});

test.each([
  ['null', null],
  ['an empty text', ''],
  ['an empty object', {}],
  ['an object of nothing', { code: null, message: '' }],
])('reads an answer beside an error that is %s', (_what, error) => {
  expect(readLine(texts, { ...resultLine(answer), error })).toMatchObject({ kind: 'ok' });
});

test.each(['', 'null', '[]', '{', '{"custom_id":""}', '{"custom_id":7}', '{"id":"x"}', '"x"'])(
  'calls %s unparsable',
  (line) => {
    expect(readLine(texts, line).kind).toBe('unparsable');
  },
);

test.each([
  ['refusal', chatBody(null, {}, { message: { content: null, refusal: 'I cannot.' } }), 'I cannot.'],
  ['content_filter', chatBody('half', {}, { finish_reason: 'content_filter' }), 'content filter'],
  ['empty_answer', chatBody('', { choices: [] }), 'no answer'],
])('fails an answer with %s', (code, body, message) => {
  const result = readLine(texts, resultLine(body));
  expect(result).toMatchObject({
    kind: 'failed',
    stage: 'answer',
    code,
    retryable: false,
    ran: true,
    usage: { input_tokens: 22 },
  });
  expect(result).toHaveProperty('message', expect.stringContaining(message));
});

const blank = [null, '', ' \n\t', [], [{ type: 'text', text: '' }]];
const said = (content: unknown, finish_reason: string | null, message: object = {}) =>
  resultLine(chatBody(content, {}, { message: { content, ...message }, finish_reason }));
const response = (status: string, output: readonly object[], more: object = {}) =>
  resultLine({ object: 'response', status, output, error: null, ...more });
const message = (text: string) => ({ type: 'message', content: [{ type: 'output_text', text }] });

test.each(blank.map((content) => [JSON.stringify(content), content]))(
  'does not take %s for an answer',
  (_what, content) => {
    const read = (finish: string | null) => readLine(texts, said(content, finish));
    expect(read('length')).toMatchObject({ stage: 'answer', code: 'length', ran: true, retryable: false });
    expect(read('max_tokens')).toMatchObject({ stage: 'answer', code: 'length' });
    expect(read('content_filter')).toMatchObject({ stage: 'answer', code: 'content_filter' });
    for (const finish of ['stop', 'tool_calls', null])
      expect(read(finish)).toMatchObject({ stage: 'answer', code: 'empty_answer', blame: 'row' });
  },
);

test.each([
  ['nothing', response('completed', []), 'empty_answer'],
  ['a message without text', response('completed', [message('')]), 'empty_answer'],
  ['blank text', response('completed', [message(' \n')]), 'empty_answer'],
  ['reasoning alone', response('completed', [{ type: 'reasoning', summary: [] }]), 'empty_answer'],
  [
    'reasoning that was cut off',
    response('incomplete', [{ type: 'reasoning' }], { incomplete_details: { reason: 'max_output_tokens' } }),
    'length',
  ],
  [
    'nothing, cut off',
    response('incomplete', [], { incomplete_details: { reason: 'max_output_tokens' } }),
    'length',
  ],
  [
    'a refusal',
    response('completed', [{ type: 'message', content: [{ type: 'refusal', refusal: '' }] }]),
    'refusal',
  ],
])('does not take a response with %s for an answer', (_what, line, code) => {
  expect(readLine(reader('responses', ['text']), line)).toMatchObject({
    stage: 'answer',
    code,
    blame: 'row',
  });
});

test.each([
  ['chat', said('half', 'error')],
  ['chat', said(null, 'error')],
  ['chat', said('half', 'abort')],
  ['responses', response('failed', [message('half')])],
  ['responses', response('failed', [], { error: { code: 'who_knows', message: 'x' } })],
  ['responses', response('cancelled', [])],
  ['responses', response('in_progress', [])],
] as const)('takes an answer at %s that the provider broke off for its failure', (endpoint, line) => {
  expect(readLine(reader(endpoint, ['text', 'body']), line)).toMatchObject({
    stage: 'request',
    retryable: true,
    ran: true,
    blame: 'provider',
  });
});

test('keeps calls of tools, and where the body is a column whatever it holds', () => {
  const call = { type: 'function_call', name: 'f', arguments: '{}', call_id: 'c' };
  const calls = { tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] };
  for (const needs of [['text'], ['body']] as const) {
    for (const content of [null, ''])
      expect(readLine(reader(chat, needs), said(content, 'tool_calls', calls)).kind).toBe('ok');
    const answers = reader('responses', needs);
    expect(readLine(answers, response('completed', [{ type: 'reasoning' }, call])).kind).toBe('ok');
    expect(readLine(answers, response('completed', [{ ...call, type: 'custom_tool_call' }])).kind).toBe('ok');
  }
  expect(readLine(reader(chat, ['body']), said('', 'stop')).kind).toBe('ok');
  expect(readLine(reader('responses', ['body']), response('completed', [{ type: 'reasoning' }])).kind).toBe(
    'ok',
  );
});

const refused = (status: number, code: string | null, text = 'x', type = 'error') =>
  resultLine({ error: { code, message: text, type } }, status);

test.each([
  ['insufficient_quota', refused(429, 'insufficient_quota')],
  ['insufficient_quota as type', refused(429, null, 'x', 'insufficient_quota')],
  [
    'a quota in words',
    refused(429, null, 'You exceeded your current quota, please check your plan and billing details.'),
  ],
  ['billing', refused(400, 'billing_hard_limit_reached')],
  ['an account that is not active', refused(429, 'billing_not_active')],
  ['a spend limit', refused(400, 'enforced_spend_limit_reached')],
  ['402', refused(402, null, 'Insufficient credits')],
  ['402 within a 200', resultLine({ error: { code: 402, message: 'Insufficient credits' } }, 200)],
  ['401', refused(401, null)],
  ['a key', refused(400, 'API_KEY_INVALID', 'API key not valid. Please pass a valid API key.')],
  ['a model', refused(404, 'model_not_found')],
  [
    'a model in words',
    refused(400, null, 'The model `gpt-9` does not exist or you do not have access to it.'),
  ],
  ['a deployment', refused(404, 'DeploymentNotFound')],
  ['a 403 of a project', refused(403, null, 'Project `p` does not have access to model `m`')],
  ['a 403 of a permission', refused(403, 'insufficient_permissions')],
  ['with a low balance', refused(400, 'invalid_request_error', 'Your credit balance is too low.')],
  ['with a balance in other words', refused(403, null, 'Sorry, your account balance is insufficient')],
  ['that is overdue', refused(403, 'AccountOverdueError', 'The request failed.')],
  ['in arrears', refused(400, 'Arrearage', 'Access denied, make sure your account is in good standing.')],
  ['that is restricted', refused(400, 'organization_restricted', 'Reach out to support.')],
  [
    'without a response',
    { custom_id: 'r-1', response: null, error: { code: 'insufficient_quota', message: 'x' } },
  ],
])('blames the account for %s', (_what, line) => {
  expect(readLine(texts, line)).toMatchObject({ kind: 'failed', stage: 'request', blame: 'account' });
});

test.each([
  [
    'provider',
    'a rate limit',
    refused(429, 'rate_limit_exceeded', 'Add a payment method to your account to raise it.'),
  ],
  ['provider', 'a 500', refused(500, 'server_error', 'The model does not exist.')],
  [
    'provider',
    'an expired line',
    { custom_id: 'r-1', response: null, error: { code: 'batch_expired', message: 'x' } },
  ],
  ['provider', 'silence', { custom_id: 'r-1', response: null, error: null }],
  [
    'row',
    'a 400',
    refused(400, 'context_length_exceeded', "This model's maximum context length is 8 tokens."),
  ],
  ['row', 'a 422', refused(422, null, 'Unprocessable')],
  [
    'row',
    'a 400 on a parameter',
    refused(400, 'unsupported_parameter', 'This model does not support image inputs.'),
  ],
  ['unclear', 'a bare 403', refused(403, null, 'Blocked.')],
  ['unclear', 'a bare 404', refused(404, null, 'Not found.')],
] as const)('blames the %s for %s', (blame, _what, line) => {
  expect(readLine(texts, line)).toMatchObject({ kind: 'failed', stage: 'request', blame });
});

test('fails refusals and filtered answers of the responses endpoint', () => {
  const answers = reader('responses', ['text']);
  const read = (body: unknown) => readLine(answers, resultLine(body));
  const refusal = {
    status: 'completed',
    output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }],
  };
  expect(read(refusal)).toMatchObject({ code: 'refusal', message: 'No.' });
  expect(
    read({ status: 'incomplete', incomplete_details: { reason: 'content_filter' }, output: [] }),
  ).toMatchObject({ code: 'content_filter' });
  expect(read({ status: 'completed', output: [] })).toMatchObject({ code: 'empty_answer' });
});

const schema = {
  type: 'object',
  properties: {
    n: { type: 'integer' },
    when: { type: 'string', format: 'date' },
    kind: { enum: ['a', 'b'] },
  },
  required: ['n'],
  additionalProperties: false,
};

test('parses and checks structured answers', async () => {
  const answers = reader(chat, ['json'], await createOutputValidator(schema));
  const read = (content: string, finish = 'stop') =>
    readLine(answers, resultLine(chatBody(content, {}, { finish_reason: finish })));
  expect(read('{"n":1,"when":"2026-01-01"}')).toMatchObject({
    kind: 'ok',
    answer: { json: { n: 1, when: '2026-01-01' } },
  });
  expect(read('{"n":12345678901234567890}')).toMatchObject({
    kind: 'ok',
    answer: { json: { n: 12345678901234567890n } },
  });
  expect(read('Sure! {"n":1}')).toMatchObject({ stage: 'answer', code: 'invalid_json' });
  expect(read('{"n":"1"}')).toMatchObject({ code: 'schema_mismatch', message: '/n must be integer' });
  expect(read('{}')).toMatchObject({
    code: 'schema_mismatch',
    message: "the answer must have required property 'n'",
  });
  expect(read('{"n":1,"q":2}')).toMatchObject({
    message: 'the answer must NOT have additional properties, such as "q"',
  });
  expect(read('{"n":1,"kind":"c"}')).toMatchObject({
    message: '/kind must be equal to one of the allowed values: ["a","b"]',
  });
  expect(read('{"n":1,"when":"yesterday"}')).toMatchObject({ code: 'schema_mismatch' });
  expect(read('{"n":1}', 'length')).toMatchObject({ code: 'length' });
  expect(read('{"n":1', 'length')).toMatchObject({ code: 'length' });
});

test('leaves a cut answer alone where no schema is asked for', () => {
  expect(readLine(texts, resultLine(chatBody('half', {}, { finish_reason: 'length' })))).toMatchObject({
    kind: 'ok',
    answer: { finishReason: 'length' },
  });
});

test('parses the text for columns that need json, also without a schema', () => {
  const answers = reader(chat, ['json']);
  expect(readLine(answers, resultLine(chatBody(' [1, {"a": null}] ')))).toMatchObject({
    answer: { json: [1, { a: null }] },
  });
  expect(readLine(answers, resultLine(chatBody('hello')))).toMatchObject({
    stage: 'answer',
    code: 'invalid_json',
  });
});

test('hands the body over with all its digits', () => {
  const line = JSON.stringify(resultLine(chatBody('x'))).replace(
    '"created":1711652795',
    '"created":12345678901234567890',
  );
  expect(readLine(reader(chat, ['body']), line)).toMatchObject({
    answer: { body: { created: 12345678901234567890n } },
  });
});

test('speaks the drafts that a schema can name', async () => {
  const draft = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'array',
    prefixItems: [{ type: 'string' }],
  };
  const validate = await createOutputValidator(draft);
  expect(validate(['x'])).toBeUndefined();
  expect(validate([1])).toBe('/0 must be string');
  await expect(createOutputValidator({ type: 'strnig' })).rejects.toMatchObject({ code: 'invalid_schema' });
});

test('reads a row that was given up, which no provider has said', () => {
  expect(readLine(texts, givenUpLine('r-1', 'Sent 10 times.'))).toMatchObject({
    kind: 'failed',
    customId: 'r-1',
    code: 'never_ran',
    message: 'Sent 10 times.',
    retryable: false,
    ran: false,
    blame: 'provider',
  });
});
