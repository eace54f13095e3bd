import { expect, test } from 'vitest';
import { limitsOf, openAiLimits, serverAt } from '../../../src/providers/openai/servers.ts';
import { checkFile, sound } from '../../config/check-file.ts';
import { openProvider } from './open.ts';

const at = (url: string, mode = 'batch') =>
  checkFile(`${sound}mode: ${mode}\nprovider: { type: openai, base_url: '${url}' }\n`).lines;

test.each([
  ['https://api.mistral.ai/v1', 'base_url: https://api.mistral.ai/v1'],
  ['https://api.fireworks.ai/inference/v1', 'base_url: https://api.fireworks.ai/inference/v1'],
  ['https://openrouter.ai/api/v1', 'base_url: https://openrouter.ai/api/v1'],
  ['https://api.together.ai/v1', 'LiteLLM'],
  ['https://api.anthropic.com/v1', 'provider.type: anthropic'],
  ['https://generativelanguage.googleapis.com/v1beta/openai', 'provider.type: gemini'],
])('%s takes no batches of this API, and what can be done is said', (url, way) => {
  const [line, ...others] = at(url);
  expect(others).toEqual([]);
  expect(line).toMatch(/^p\.yaml:17:\d+ {2}provider\.base_url {2}/);
  expect(line).toContain(way);
  expect(at(url, 'standard')).toEqual([]);
});

test.each(['https://api.groq.com/openai/v1', 'https://mistral.ai.example/v1', 'http://127.0.0.1:8000/v1'])(
  'nothing is said against %s',
  (url) => expect(at(url)).toEqual([]),
);

const sideAt = async (base_url: string) => (await openProvider({ base_url, api_key: 'k' })).batches;

test('limits and manners follow the address', async () => {
  const azure = await sideAt('https://me.openai.azure.com/openai/v1');
  expect(azure).toMatchObject({ mayEndLate: true, limits: openAiLimits });
  const groq = await sideAt('https://api.groq.com:443/openai/v1');
  expect(groq).toMatchObject({ mayEndLate: false, limits: { ...openAiLimits, maxBytes: 95_000_000 } });
  const own = await sideAt('http://127.0.0.1:8000/v1');
  expect(own).toMatchObject({ mayEndLate: false, limits: openAiLimits });
  expect(limitsOf(serverAt('elsewhere.example'))).toEqual(openAiLimits);
});
