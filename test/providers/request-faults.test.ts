import { describe, expect, test } from 'vitest';
import type { Dialect, RequestDraft } from '../../src/core/dialect.ts';
import { anthropicDialect } from '../../src/providers/anthropic/dialect/dialect.ts';
import { geminiDialect } from '../../src/providers/gemini/dialect/dialect.ts';
import { floatDialect, openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';

/** What `validate` is to say before a run does, at each provider. */

const dialects = { openai: openAiDialect, anthropic: anthropicDialect, gemini: geminiDialect };
type Name = keyof typeof dialects;

function faults(dialect: Dialect, given: RequestDraft): readonly string[] {
  const draft = { endpoint: 'chat', model: 'm', prompt: 'x', ...given };
  return dialect.faults(draft).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('two names of one parameter', () => {
  test.each<readonly [Name, RequestDraft, string, string]>([
    [
      'openai',
      { endpoint: 'responses', params: { max_tokens: 1, max_output_tokens: 2 } },
      'max_output_tokens',
      'max_tokens',
    ],
    [
      'anthropic',
      { params: { max_tokens: 1, max_completion_tokens: 2 } },
      'max_completion_tokens',
      'max_tokens',
    ],
    ['anthropic', { params: { stop: 'a', stop_sequences: ['b'] } }, 'stop_sequences', 'stop'],
    ['gemini', { params: { max_tokens: 1, max_output_tokens: 2 } }, 'max_output_tokens', 'max_tokens'],
    [
      'gemini',
      { endpoint: 'embeddings', params: { dimensions: 1, outputDimensionality: 2 } },
      'outputDimensionality',
      'dimensions',
    ],
  ])('%s: %j', (name, draft, second, first) => {
    expect(faults(dialects[name], draft)).toEqual([
      expect.stringContaining(`params.${second}: says the same as \`${first}\``),
    ]);
  });
});

describe('what the request block itself writes', () => {
  test.each<readonly [Name, RequestDraft, string]>([
    ['openai', { params: { messages: [] } }, 'messages'],
    ['openai', { endpoint: 'responses', params: { input: 'x' } }, 'input'],
    ['openai', { endpoint: 'responses', params: { instructions: 'x' } }, 'instructions'],
    ['openai', { endpoint: 'embeddings', params: { input: 'x' } }, 'input'],
    ['anthropic', { params: { system: 'x' } }, 'system'],
    ['gemini', { params: { contents: [] } }, 'contents'],
    ['gemini', { endpoint: 'embeddings', params: { content: {} } }, 'content'],
    ...(['openai', 'anthropic', 'gemini'] as const).map(
      (name) => [name, { params: { stream: true } }, 'stream'] as const,
    ),
  ])('%s: %j', (name, draft, key) => {
    expect(faults(dialects[name], draft)).toEqual([expect.stringMatching(`^params.${key}: `)]);
  });
});

function asked(format: string): RequestDraft {
  return { endpoint: 'embeddings', params: { encoding_format: format } };
}

test('a format of vectors that is not the one they are asked in', () => {
  expect(faults(openAiDialect, asked('base64'))).toEqual([]);
  expect(faults(openAiDialect, asked('float'))).toEqual([expect.stringContaining('as base64')]);
  expect(faults(floatDialect, asked('float'))).toEqual([]);
});

test.each(['anthropic', 'gemini'] as const)('a role that %s does not have', (name) => {
  const messages = [
    { role: 'developer', content: 'a' },
    { role: 'user', content: 'b' },
    { role: 'assistant', content: 'c' },
  ];
  expect(faults(dialects[name], { messages })).toEqual([]);
  expect(faults(dialects[name], { messages: [...messages, { role: 'tool', content: 'd' }] })).toEqual([
    expect.stringContaining(`messages.3.role: is no role that ${name} knows`),
  ]);
});

test('an endpoint that a provider does not have is named with who has it', () => {
  for (const name of ['anthropic', 'gemini'] as const)
    expect(faults(dialects[name], { endpoint: 'responses' })).toEqual([expect.stringContaining('openai')]);
});
