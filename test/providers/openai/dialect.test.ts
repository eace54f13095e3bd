import { expect, test } from 'vitest';
import { complaintAbout } from '../../../src/core/complaint.ts';
import { requestBlock } from '../../../src/core/request-block.ts';
import { openAiDialect } from '../../../src/providers/openai/dialect/dialect.ts';

test('frames a request line', () => {
  const request = requestBlock.parse({ endpoint: 'embeddings', model: 'm', input: 'x' });
  const { open, middle, close } = openAiDialect.frame(request);
  expect(JSON.parse(`${open}id${middle}{"model":"m"}${close}`)).toEqual({
    custom_id: 'id',
    method: 'POST',
    url: '/v1/embeddings',
    body: { model: 'm' },
  });
});

test.each([
  ['max_tokens', 'responses', 'max_output_tokens'],
  ['max_completion_tokens', 'responses', 'max_output_tokens'],
  ['max_output_tokens', 'responses', 'max_output_tokens'],
  ['max_tokens', 'chat', 'max_tokens'],
  ['max_completion_tokens', 'chat', 'max_completion_tokens'],
] as const)('sends %s at %s as %s, in its place', (name, endpoint, sent) => {
  const params = { temperature: 0, [name]: 5, top_p: 1 };
  const { pieces } = openAiDialect.body(requestBlock.parse({ endpoint, model: 'm', prompt: 'x', params }));
  const text = pieces.map((piece) => ('text' in piece ? piece.text : '')).join('');
  expect(text).toContain(`,"temperature":0,"${sent}":5,"top_p":1}`);
});

test('knows the texts of parts, asks again of them, and knows what was asked', () => {
  const content = [
    { type: 'input_text', text: 'é' },
    { type: 'input_image', image_url: 'data:image/png;base64,QUJD' },
    { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' },
  ];
  const said = { role: 'assistant', content: [{ type: 'output_text', text: 'abc' }] };
  const responses = { model: 'm', input: [said, { role: 'user', content }] };
  expect(openAiDialect.promptTexts('responses', responses)).toEqual({ texts: ['abc', 'é'], messages: 2 });
  const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
  const chat = { model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 'ab' }, image] }] };
  expect(openAiDialect.promptTexts('chat', chat)).toEqual({ texts: ['ab'], messages: 1 });
  for (const body of [responses, chat]) {
    const again = openAiDialect.reask(body, '{}', complaintAbout('bad'));
    expect(openAiDialect.promptTexts('chat', again).messages).toBeGreaterThan(2);
    expect(openAiDialect.asked(again)).toEqual(body);
    expect(openAiDialect.asked(body)).toBe(body);
  }
});

test('a reply names the tier that it was served in', () => {
  const replies = [{ service_tier: 'flex' }, {}].map((body) => openAiDialect.reply('chat', body));
  expect(replies.map(({ billing }) => billing?.tier)).toEqual(['flex', null]);
});

test.each([
  ['gpt-4o-mini', 'o200k_base'],
  ['ft:gpt-4.1-mini:acme::x', 'o200k_base'],
  ['openai/gpt-5.1', 'o200k_base'],
  ['o3', 'o200k_base'],
  ['gpt-4-turbo', 'cl100k_base'],
  ['text-embedding-3-small', 'cl100k_base'],
  ['orca-2', undefined],
  ['llama-3.1-8b', undefined],
])('the tokenizer of %s is %s', (model, encoding) => {
  expect(openAiDialect.facts({ endpoint: 'chat', model }).ownEncoding).toBe(encoding);
});
