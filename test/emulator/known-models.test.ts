import { describe, expect, test } from 'vitest';
import { KnownModels, listOfModels } from '../../src/emulator/answers/known-models.ts';
import { chatBody, jsonl, requestLine, results, runBatch, startTestEmulator } from './client.ts';

const own = new KnownModels([]);

describe('models', () => {
  test.each([
    'gpt-4o-mini',
    'gpt-4o-mini-2024-07-18',
    'gpt-4.1-nano',
    'gpt-5.4-mini-2026-03-17',
    'gpt-3.5-turbo-0125',
    'gpt-5.2-chat-latest',
    'o4-mini',
    'text-embedding-3-large',
    'ft:gpt-4o-mini-2024-07-18:acme::abc',
    'claude-sonnet-4-5',
    'meta-llama/Llama-3.1-8B-Instruct',
    'BAAI/bge-m3',
  ])('%s exists', (model) => {
    expect(() => own.require(model)).not.toThrow();
  });

  test.each(['gpt-4o-mnii', 'gpt-4o-mini2', 'gtp-4o', 'gpt4o', 'my-model', 'text-embedding-3-smal', 'm', ''])(
    'of %j no provider has heard',
    (model) => {
      expect(() => own.require(model)).toThrow('does not exist');
    },
  );

  test('others can be named, by a pattern too', () => {
    const more = new KnownModels(listOfModels('my-model, a-*'));
    for (const model of ['my-model', 'a-1', 'gpt-4o-mini']) more.require(model);
    for (const model of ['my-models', 'b-a-1']) expect(() => more.require(model)).toThrow('does not exist');
    expect(more.listed).toContain('my-model');
    expect(more.listed).not.toContain('a-*');
  });
});

test('a row with a parameter or a model that the API does not have fails alone, as at the API', async () => {
  await using server = await startTestEmulator({ models: [] });
  await expect(server.client.models.retrieve('gpt-4o-mnii')).rejects.toMatchObject({
    status: 404,
    code: 'model_not_found',
  });
  const refused = [chatBody('x', { max_token: 5 }), chatBody('x')];
  const batch = await runBatch(
    server.client,
    jsonl(...refused.map((body, row) => requestLine(String(row), body))),
  );
  expect(batch.request_counts).toEqual({ total: 2, completed: 1, failed: 1 });
  const [line] = await results(server.client, batch.error_file_id);
  expect(line?.response).toMatchObject({
    status_code: 400,
    body: {
      error: { message: "Unknown parameter: 'max_token'.", param: 'max_token', code: 'unknown_parameter' },
    },
  });
});
