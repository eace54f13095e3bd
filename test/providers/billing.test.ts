import { expect, it } from 'vitest';
import type { Endpoint } from '../../src/core/dialect.ts';
import { providers } from '../../src/providers/index.ts';

function billed(provider: string, body: Readonly<Record<string, unknown>>, endpoint: Endpoint = 'chat') {
  const found = providers.find(({ name }) => name === provider);
  const { usage, billing } = found?.dialect.reply(endpoint, body) ?? {};
  return [usage?.input_tokens, usage?.output_tokens, usage?.cached_tokens, billing];
}

it('Anthropic’s prompt is what is fresh, read and written, and says how long that is kept', () => {
  const usage = {
    input_tokens: 1,
    cache_read_input_tokens: 10,
    cache_creation_input_tokens: 100,
    output_tokens: 5,
    cache_creation: { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 70 },
    service_tier: 'batch',
  };
  const billing = { tier: 'batch', cacheWrite: 100, cacheWriteBriefly: 30 };
  expect(billed('anthropic', { content: [], usage })).toEqual([111, 5, 10, billing]);
  const undetailed = { ...usage, cache_creation: null };
  expect(billed('anthropic', { content: [], usage: undetailed }).at(-1)).toMatchObject({
    cacheWriteBriefly: 0,
  });
});

it('OpenAI’s prompt holds what was read and written', () => {
  const details = { cached_tokens: 3, cache_write_tokens: 4 };
  const chat = { prompt_tokens: 10, completion_tokens: 2, prompt_tokens_details: details };
  const billing = { tier: 'flex', cacheWrite: 4, cacheWriteBriefly: 0 };
  expect(billed('openai', { usage: chat, service_tier: 'flex' })).toEqual([10, 2, 3, billing]);
  const response = { input_tokens: 10, output_tokens: 2, input_tokens_details: details };
  const body = { output: [], usage: response, service_tier: 'flex' };
  expect(billed('openai', body, 'responses')).toEqual([10, 2, 3, billing]);
});

it('a response within a window names the default tier and is billed by the window that was asked for', () => {
  const body = { output: [], usage: {}, service_tier: 'default', background: true };
  expect(billed('openai', body, 'responses').at(-1)).toMatchObject({ tier: null });
});

it('Gemini’s thoughts are output, and its tier goes by our words', () => {
  const usageMetadata = {
    promptTokenCount: 10,
    cachedContentTokenCount: 4,
    candidatesTokenCount: 2,
    thoughtsTokenCount: 5,
    serviceTier: 'STANDARD',
  };
  const billing = { tier: 'default', cacheWrite: 0, cacheWriteBriefly: 0 };
  expect(billed('gemini', { usageMetadata })).toEqual([10, 7, 4, billing]);
});
