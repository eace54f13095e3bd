import { expect, test } from 'vitest';
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

test('a reply names the tier that it was served in', () => {
  const replies = [{ service_tier: 'flex' }, {}].map((body) => openAiDialect.reply('chat', body));
  expect(replies.map(({ serviceTier }) => serviceTier)).toEqual(['flex', null]);
});
