import { RateLimitError, type Anthropic } from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { params, startAnthropicScene } from './client.ts';

function textOf(message: Anthropic.Message): string {
  return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

describe("Anthropic's messages", () => {
  test('are answered as OpenAI answers the same prompt, in each form of writing it', async () => {
    await using scene = await startAnthropicScene();
    const { client, server } = scene;
    const theirs = await server.client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [
        { role: 'system', content: 'Tag the mail.' },
        { role: 'user', content: 'The invoice is wrong, refund it.' },
      ],
    });
    const text = theirs.choices[0]?.message.content;
    const plain = await client.messages.create(
      params('The invoice is wrong, refund it.', { system: 'Tag the mail.' }),
    );
    expect(textOf(plain)).toBe(text);
    const blocks = await client.messages.create({
      model: 'claude-sonnet-4-5',
      max_tokens: 1024,
      system: [{ type: 'text', text: 'Tag the mail.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
            { type: 'text', text: 'The invoice is wrong, refund it.' },
          ],
        },
      ],
    });
    expect(textOf(blocks)).toBe(text);
    const cut = await client.messages.create(
      params('', {
        system: 'Tag the mail.',
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'The inv', cache_control: { type: 'ephemeral' } },
              { type: 'text', text: 'oice is wrong, refund it.' },
            ],
          },
        ],
      }),
    );
    expect(textOf(cut)).toBe(text);
    expect(blocks).toMatchObject({
      stop_reason: 'end_turn',
      usage: { cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
    });
    expect(plain.usage.input_tokens).toBe(theirs.usage?.prompt_tokens);
  });

  test('fit a schema with the values that OpenAI has', async () => {
    await using scene = await startAnthropicScene();
    const schema = {
      type: 'object',
      properties: {
        tag: { type: 'string', enum: ['billing', 'shipping', 'other'] },
        score: { type: 'integer' },
      },
      required: ['tag', 'score'],
      additionalProperties: false,
    };
    const message = await scene.client.messages.create(
      params('A question of shipping.', { output_config: { format: { type: 'json_schema', schema } } }),
    );
    const theirs = await scene.server.client.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'A question of shipping.' }],
      response_format: { type: 'json_schema', json_schema: { name: 'tags', strict: true, schema } },
    });
    expect(JSON.parse(textOf(message))).toMatchObject({ tag: 'shipping' });
    expect(textOf(message)).toBe(theirs.choices[0]?.message.content);
  });

  test('are cut at max_tokens', async () => {
    await using scene = await startAnthropicScene();
    const message = await scene.client.messages.create(params('Lamps, parcels, rain.', { max_tokens: 3 }));
    expect(message).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 3 } });
  });

  test('count a head that is marked for the cache apart, and only where it is long enough', async () => {
    await using scene = await startAnthropicScene();
    const text = 'Rules of the house. '.repeat(300);
    const system = [{ type: 'text' as const, text, cache_control: { type: 'ephemeral' as const } }];
    const { usage } = await scene.client.messages.create(params('Hello', { system }));
    const bare = await scene.client.messages.create(params('Hello', { system: text }));
    const cached = (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
    expect(cached).toBe(1500);
    expect(usage.input_tokens + cached).toBe(bare.usage.input_tokens);
    expect(bare.usage).toMatchObject({ cache_creation_input_tokens: 0, cache_read_input_tokens: 0 });
  });

  test.each([
    [{ max_tokens: undefined }, 'max_tokens: Field required'],
    [{ max_tokens: 0 }, 'max_tokens: Input should be greater than or equal to 1'],
    [{ messages: [] }, 'messages: at least one message is required'],
    [{ messages: [{ role: 'user', content: '' }] }, 'messages.0: user messages must have non-empty content'],
    [
      { messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] },
      'messages: text content blocks must be non-empty',
    ],
    [{ seed: 7 }, 'seed: Extra inputs are not permitted'],
    [
      {
        output_config: {
          format: { type: 'json_schema', schema: { type: 'object', properties: { a: { type: 'string' } } } },
        },
      },
      "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    ],
    [
      { output_config: { format: { type: 'json_schema', schema: { type: 'integer', minimum: 1 } } } },
      "output_config.format.schema: For 'integer' type, property 'minimum' is not supported",
    ],
  ])('are refused with %j', async (more, message) => {
    await using scene = await startAnthropicScene();
    const body = { ...params('Hello'), ...more } as Anthropic.MessageCreateParamsNonStreaming;
    await expect(scene.client.messages.create(body)).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      apiMessage: message,
    });
  });

  test('are asked of models that Anthropic has', async () => {
    await using scene = await startAnthropicScene({ models: ['house-model'] });
    const { client } = scene;
    for (const model of ['gpt-4o-mini', 'no-such-model'])
      await expect(client.messages.create(params('Hello', { model }))).rejects.toMatchObject({
        status: 404,
        type: 'not_found_error',
        apiMessage: `model: ${model}`,
      });
    expect((await client.messages.create(params('Hello', { model: 'house-model' }))).model).toBe(
      'house-model',
    );
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(expect.arrayContaining(['claude-haiku-4-5', 'house-model']));
    expect((await client.models.retrieve('claude-haiku-4-5')).type).toBe('model');
    await expect(client.models.retrieve('no-such-model')).rejects.toMatchObject({ status: 404 });
  });

  test('beyond a rate are turned away, and told when to come again', async () => {
    await using scene = await startAnthropicScene({
      rates: { requestsPerMinute: 1, tokensPerMinute: 10_000 },
    });
    const { response } = await scene.client.messages.create(params('Hello')).withResponse();
    expect(response.headers.get('anthropic-ratelimit-requests-limit')).toBe('1');
    expect(response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0');
    expect(response.headers.get('anthropic-ratelimit-tokens-limit')).toBe('10000');
    expect(response.headers.get('anthropic-ratelimit-requests-reset')).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    const error = await scene.client.messages.create(params('Hello')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RateLimitError);
    const { headers, type } = error as RateLimitError;
    expect(type).toBe('rate_limit_error');
    expect(Number(headers?.get('retry-after'))).toBeGreaterThan(50);
  });
});
