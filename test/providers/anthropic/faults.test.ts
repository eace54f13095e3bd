import { describe, expect, test } from 'vitest';
import type { RequestDraft } from '../../../src/core/dialect.ts';
import { anthropicDialect } from '../../../src/providers/anthropic/dialect/dialect.ts';

function faults(given: RequestDraft): readonly string[] {
  const found = anthropicDialect.faults({
    endpoint: 'chat',
    model: 'claude-haiku-4-5',
    prompt: 'x',
    ...given,
  });
  return found.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function ofSchema(schema: object): readonly string[] {
  return faults({ output: { schema } });
}

const closed = { type: 'object', additionalProperties: false };

describe('what Anthropic cannot do', () => {
  test('are endpoints, with who can', () => {
    expect(faults({ endpoint: 'embeddings' })).toEqual([
      'endpoint: embeddings is not available at anthropic; openai and gemini make embeddings',
    ]);
    expect(faults({ endpoint: 'responses' })).toEqual([
      'endpoint: responses is not available at anthropic; use chat, or provider.type openai',
    ]);
    expect(faults({})).toEqual([]);
  });

  test('are parameters', () => {
    expect(faults({ params: { temperature: 1, top_p: 0.5, seed: null } })).toEqual([]);
    expect(faults({ params: { temperature: 1.01, seed: 0, stream: true, messages: [] } })).toEqual([
      expect.stringMatching(/^params\.messages: /),
      expect.stringMatching(/^params\.stream: .*cannot stream/),
      'params.temperature: must be 1 or less at anthropic',
      expect.stringMatching(/^params\.seed: .*openai and gemini/),
    ]);
  });

  test('are messages of the system alone', () => {
    const messages = [
      { role: 'system', content: [{ text: 'a' }] },
      { role: 'developer', content: 'b' },
    ];
    expect(faults({ prompt: undefined, messages })).toEqual([
      expect.stringMatching(/^messages\.0: must be followed/),
    ]);
  });
});

describe('what structured outputs refuse', () => {
  test('are open objects, wherever they stand', () => {
    const item = { type: 'object', properties: {} };
    const found = ofSchema({ ...closed, properties: { list: { type: 'array', items: item } } });
    expect(found).toEqual([
      expect.stringMatching(/^output\.schema\.properties\.list\.items\.additionalProperties: /),
    ]);
    expect(ofSchema({ ...closed, properties: { a: { type: ['string', 'null'] } } })).toEqual([]);
  });

  test.each([
    ['minimum', { type: 'integer', minimum: 1 }],
    ['maxLength', { type: 'string', maxLength: 5 }],
    ['minItems', { type: 'array', items: { type: 'string' }, minItems: 2 }],
    ['oneOf', { oneOf: [{ type: 'string' }] }],
    ['format', { type: 'string', format: 'regex' }],
  ])('is %s', (name, a) => {
    expect(ofSchema({ ...closed, properties: { a } })).toEqual([
      expect.stringMatching(new RegExp(`^output\\.schema\\.properties\\.a\\.${name}: `)),
    ]);
  });

  test('are schemas that hold themselves', () => {
    const node = (next: object) => ({ ...closed, properties: { next } });
    const reference = { $ref: '#/$defs/node' };
    const recursive = { ...node(reference), $defs: { node: node(reference) } };
    expect(ofSchema(recursive).join('\n')).toContain('leads back');
    const twice = {
      ...closed,
      properties: { a: reference, b: reference },
      $defs: { node: node({ type: 'null' }) },
    };
    expect(ofSchema(twice)).toEqual([]);
    expect(ofSchema({ ...closed, properties: { a: { $ref: 'http://x' } } }).join()).toContain('must point');
  });

  test('is nothing where params has a format of its own', () => {
    const params = { output_config: { format: { type: 'json_schema', schema: {} } } };
    expect(faults({ output: { schema: { type: 'object' } }, params })).toEqual([]);
  });
});
