import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answer } from '../../../src/emulator/answers/answer.ts';
import type { JsonMap } from '../../../src/core/json.ts';
import type { Endpoint } from '../../../src/emulator/state/batch-record.ts';

const chat = '/v1/chat/completions';
const user = (content: unknown): JsonMap => ({ role: 'user', content });
const strictSchema = (schema: unknown): JsonMap => ({
  messages: [user('x')],
  response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } },
});

describe('an answer', () => {
  test('is of the prompt, the same every time, and another for another prompt', () => {
    const body = {
      model: 'm',
      messages: [{ role: 'system', content: 'Tag it.' }, user('Refund the invoice, the invoice!')],
    };
    const first = answer(chat, body);
    expect(answer(chat, structuredClone(body))).toEqual(first);
    expect(first).toMatchObject({
      model: 'm',
      choices: [{ finish_reason: 'stop', message: { role: 'assistant' } }],
    });
    expect(JSON.stringify(first['choices'])).toContain('invoice and refund');
    const other = answer(chat, { model: 'm', messages: [user('Refund the invoice, the invoice.')] });
    expect(other['choices']).not.toEqual(first['choices']);
    expect(other['id']).not.toBe(first['id']);
  });

  test('is the same of any model, and however the prompt is cut into messages and parts', () => {
    const told = { role: 'system', content: 'Tag it.\n\nBe brief.' };
    const texts = [
      [told, user('Refund the invoice')],
      [{ ...told, role: 'developer' }, user([{ type: 'text', text: 'Refund the invoice' }])],
      [
        { role: 'system', content: 'Tag it.' },
        { role: 'system', content: 'Be brief.' },
        user([
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
          { type: 'text', text: 'Refund the invoice' },
        ]),
      ],
    ].map((messages, index) => answer(chat, { model: `m${index}`, messages })['choices']);
    expect(texts[1]).toEqual(texts[0]);
    expect(texts[2]).toEqual(texts[0]);
  });

  test('is cut to the tokens allowed, at a character, whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.integer({ min: 1, max: 30 }),
        (text, most) => {
          const { choices, usage } = answer(chat, { messages: [user(text)], max_tokens: most });
          const [choice] = choices as { finish_reason: string; message: { content: string } }[];
          const content = choice?.message.content ?? '';
          const tokens = (usage as { completion_tokens: number }).completion_tokens;
          expect(tokens).toBeLessThanOrEqual(most);
          expect(Buffer.byteLength(content)).toBeLessThanOrEqual(most * 4);
          expect(content.isWellFormed() && !content.includes('\uFFFD')).toBe(true);
          expect(choice?.finish_reason === 'length').toBe(tokens === most && !content.endsWith('.'));
        },
      ),
    );
  });

  test('of the Responses API has the same text, and says when it is incomplete', () => {
    const body = { model: 'm', instructions: 'Tag it.', input: 'Refund the invoice' };
    expect(answer('/v1/responses', body)).toMatchObject({
      status: 'completed',
      object: 'response',
      incomplete_details: null,
    });
    expect(answer('/v1/responses', { ...body, max_output_tokens: 3 })).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      usage: { output_tokens: 3 },
    });
    const list = { input: [{ role: 'user', content: [{ type: 'input_text', text: 'Refund the invoice' }] }] };
    expect(JSON.stringify(answer('/v1/responses', list)['output'])).toContain('refund and invoice');
  });
});

describe('a request is refused', () => {
  const cases: [string, JsonMap, string | null, string | null, Endpoint?][] = [
    ['without messages', {}, 'messages', 'missing_required_parameter'],
    ['with messages that are no list', { messages: 'x' }, 'messages', 'invalid_type'],
    ['with no message', { messages: [] }, 'messages', 'empty_array'],
    [
      'with a wrong role',
      { messages: [{ role: 'robot', content: 'x' }] },
      'messages[0].role',
      'invalid_value',
    ],
    [
      'without content',
      { messages: [{ role: 'user' }] },
      'messages[0].content',
      'missing_required_parameter',
    ],
    ['with null content', { messages: [user(null)] }, 'messages[0].content', null],
    [
      'with a high temperature',
      { messages: [user('x')], temperature: 2.1 },
      'temperature',
      'decimal_above_max_value',
    ],
    [
      'with a low temperature',
      { messages: [user('x')], temperature: -1 },
      'temperature',
      'decimal_below_min_value',
    ],
    [
      'with a temperature in words',
      { messages: [user('x')], temperature: '1' },
      'temperature',
      'invalid_type',
    ],
    ['for no tokens', { messages: [user('x')], max_tokens: 0 }, 'max_tokens', 'integer_below_min_value'],
    [
      'for half a token',
      { messages: [user('x')], max_completion_tokens: 1.5 },
      'max_completion_tokens',
      'invalid_type',
    ],
    [
      'for a format that is none',
      { messages: [user('x')], response_format: { type: 'xml' } },
      'response_format.type',
      'invalid_value',
    ],
    [
      'for JSON that it does not mention',
      { messages: [user('x')], response_format: { type: 'json_object' } },
      'messages',
      null,
    ],
    [
      'without the name of its schema',
      { messages: [user('x')], response_format: { type: 'json_schema', json_schema: { schema: {} } } },
      'response_format.json_schema.name',
      'missing_required_parameter',
    ],
    [
      'with an open object in a strict schema',
      strictSchema({ type: 'object', properties: {} }),
      'response_format',
      'invalid_json_schema',
    ],
    [
      'with an optional property in a strict schema',
      strictSchema({
        type: 'object',
        properties: {
          a: {
            type: 'array',
            items: { type: 'object', properties: { b: {} }, required: [], additionalProperties: false },
          },
        },
        required: ['a'],
        additionalProperties: false,
      }),
      'response_format',
      'invalid_json_schema',
    ],
    [
      'with oneOf in a strict schema',
      strictSchema({ type: 'object', oneOf: [] }),
      'response_format',
      'invalid_json_schema',
    ],
    [
      'with a strict schema of a list',
      strictSchema({ type: 'array' }),
      'response_format',
      'invalid_json_schema',
    ],
    ['of the Responses API without input', {}, 'input', 'missing_required_parameter', '/v1/responses'],
    [
      'of the Responses API for no tokens',
      { input: 'x', max_output_tokens: 0 },
      'max_output_tokens',
      'integer_below_min_value',
      '/v1/responses',
    ],
    ['to embed nothing', {}, 'input', 'missing_required_parameter', '/v1/embeddings'],
    ['to embed an empty text', { input: ['a', ''] }, 'input[1]', 'invalid_value', '/v1/embeddings'],
    ['to embed an empty list', { input: [] }, 'input', 'empty_array', '/v1/embeddings'],
    [
      'to embed 2,049 texts',
      { input: Array.from({ length: 2049 }, () => 'a') },
      'input',
      'array_above_max_length',
      '/v1/embeddings',
    ],
    ['to embed a long text', { input: 'x'.repeat(8192 * 4 + 1) }, null, null, '/v1/embeddings'],
    [
      'to embed too much at once',
      { input: Array.from({ length: 50 }, () => 'x'.repeat(30_000)) },
      'input',
      'max_tokens_per_request',
      '/v1/embeddings',
    ],
    [
      'for no dimension',
      { input: 'a', dimensions: 0 },
      'dimensions',
      'integer_below_min_value',
      '/v1/embeddings',
    ],
    [
      'for too many dimensions',
      { input: 'a', dimensions: 3073 },
      'dimensions',
      'integer_above_max_value',
      '/v1/embeddings',
    ],
    [
      'for dimensions of ada-002',
      { model: 'text-embedding-ada-002', input: 'a', dimensions: 8 },
      'dimensions',
      null,
      '/v1/embeddings',
    ],
    [
      'for an unknown encoding',
      { input: 'a', encoding_format: 'hex' },
      'encoding_format',
      'invalid_value',
      '/v1/embeddings',
    ],
  ];
  test.each(cases)('%s', (_name, body, param, code, endpoint = chat) => {
    expect(() => answer(endpoint, body)).toThrow(expect.objectContaining({ status: 400, param, code }));
  });
});
