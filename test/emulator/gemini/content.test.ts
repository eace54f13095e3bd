import { Type } from '@google/genai';
import { describe, expect, test } from 'vitest';
import type { JsonMap } from '../../../src/core/json.ts';
import { model, request, startGeminiScene, type GeminiScene } from './client.ts';

async function ask({ origin }: GeminiScene, body: JsonMap, of = model, verb = 'generateContent') {
  const reply = await fetch(`${origin}/v1beta/models/${of}:${verb}`, {
    method: 'POST',
    headers: { 'x-goog-api-key': 'any', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: reply.status, body: (await reply.json()) as JsonMap };
}

describe("Gemini's contents", () => {
  test('are answered as OpenAI and Anthropic answer the same prompt', async () => {
    await using scene = await startGeminiScene();
    const { client, server, origin } = scene;
    const theirs = await server.client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [
        { role: 'system', content: 'Tag the mail.' },
        { role: 'user', content: 'The invoice is wrong.' },
        { role: 'assistant', content: 'billing' },
        { role: 'user', content: 'And the parcel is late.' },
      ],
    });
    const mine = await client.models.generateContent({
      model,
      contents: [
        { role: 'user', parts: [{ text: 'The invoice is wrong.' }] },
        { role: 'model', parts: [{ text: 'billing' }] },
        {
          role: 'user',
          parts: [
            { inlineData: { mimeType: 'image/png', data: 'aGk=' } },
            { text: 'And the parcel is late.' },
          ],
        },
      ],
      config: { systemInstruction: 'Tag the mail.' },
    });
    expect(mine.text).toBe(theirs.choices[0]?.message.content);
    expect(mine.usageMetadata?.promptTokenCount).toBe(theirs.usage?.prompt_tokens);
    expect(mine.candidates?.[0]?.finishReason).toBe('STOP');
    const anthropic = await fetch(`${origin}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': 'any', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({
        model: 'claude-haiku-4-5',
        max_tokens: 1024,
        system: 'Tag the mail.',
        messages: [
          { role: 'user', content: 'The invoice is wrong.' },
          { role: 'assistant', content: 'billing' },
          { role: 'user', content: 'And the parcel is late.' },
        ],
      }),
    });
    expect(await anthropic.json()).toMatchObject({ content: [{ text: mine.text }] });
  });

  test('fit a schema, in either way of writing it', async () => {
    await using scene = await startGeminiScene();
    const { client } = scene;
    const contents = 'A question of shipping.';
    const tags = ['billing', 'shipping', 'other'];
    const responseMimeType = 'application/json';
    const json = await client.models.generateContent({
      model,
      contents,
      config: {
        responseMimeType,
        responseJsonSchema: {
          type: 'object',
          properties: { tag: { type: 'string', enum: tags } },
          required: ['tag'],
        },
      },
    });
    const openApi = await client.models.generateContent({
      model,
      contents,
      config: {
        responseMimeType,
        responseSchema: {
          type: Type.OBJECT,
          properties: { tag: { type: Type.STRING, enum: tags } },
          required: ['tag'],
        },
      },
    });
    expect(JSON.parse(json.text ?? '')).toEqual({ tag: 'shipping' });
    expect(openApi.text).toBe(json.text);
  });

  test('are embedded, one at a time or by the SDK', async () => {
    await using scene = await startGeminiScene();
    const one = await ask(
      scene,
      { content: { parts: [{ text: 'late parcels' }] }, outputDimensionality: 8 },
      'gemini-embedding-001',
      'embedContent',
    );
    const { embeddings } = await scene.client.models.embedContent({
      model: 'gemini-embedding-001',
      contents: ['late parcels', 'lamps'],
      config: { outputDimensionality: 8 },
    });
    expect(embeddings).toHaveLength(2);
    expect(embeddings?.[0]).toEqual(one.body['embedding']);
    const whole = await scene.client.models.embedContent({
      model: 'gemini-embedding-001',
      contents: 'lamps',
    });
    expect(whole.embeddings?.[0]?.values).toHaveLength(3072);
  });

  test.each([
    [{ contents: [] }, '* GenerateContentRequest.contents: contents is not specified'],
    [request('Hello', { seed: 7 }), 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'],
    [
      request('Hello', { generationConfig: { max_tokens: 7 } }),
      `Invalid JSON payload received. Unknown name "max_tokens" at 'generation_config': Cannot find field.`,
    ],
    [{ contents: [{ role: 'system', parts: [{ text: 'x' }] }] }, 'Please use a valid role: user, model.'],
    [
      { contents: [{ parts: [] }] },
      '* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.',
    ],
  ])('are refused with %j', async (body, message) => {
    await using scene = await startGeminiScene();
    expect(await ask(scene, body)).toEqual({
      status: 400,
      body: { error: { code: 400, message, status: 'INVALID_ARGUMENT' } },
    });
  });

  test('are asked of models that Google has, for what they can do', async () => {
    await using scene = await startGeminiScene({ models: ['house-model'] });
    for (const name of ['gpt-4o-mini', 'no-such-model', 'gemini-embedding-001'])
      expect(await ask(scene, request('Hello'), name)).toMatchObject({
        status: 404,
        body: { error: { status: 'NOT_FOUND' } },
      });
    expect((await ask(scene, request('Hello'), 'house-model')).status).toBe(200);
    const names: string[] = [];
    for await (const one of await scene.client.models.list({ config: { pageSize: 2 } }))
      names.push(one.name ?? '');
    expect(names).toEqual(expect.arrayContaining([`models/${model}`, 'models/house-model']));
    expect((await scene.client.models.get({ model })).name).toBe(`models/${model}`);
  });

  test('beyond a rate are turned away, and told when to come again', async () => {
    await using scene = await startGeminiScene({ rates: { requestsPerMinute: 1 } });
    expect((await ask(scene, request('Hello'))).status).toBe(200);
    const { status, body } = await ask(scene, request('Hello'));
    expect(status).toBe(429);
    expect(body).toMatchObject({
      error: {
        status: 'RESOURCE_EXHAUSTED',
        details: [
          { '@type': 'type.googleapis.com/google.rpc.QuotaFailure' },
          {
            '@type': 'type.googleapis.com/google.rpc.RetryInfo',
            retryDelay: expect.stringMatching(/^[56]\ds$/),
          },
        ],
      },
    });
  });
});
