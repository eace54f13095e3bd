import { describe, expect, test } from 'vitest';
import { requestBlock, type RequestBlock } from '../../../src/core/request-block.ts';
import { toWire } from '../../../src/core/wire-text.ts';
import { anthropicDialect as dialect } from '../../../src/providers/anthropic/dialect/dialect.ts';
import { Asides } from '../../../src/request/asides.ts';

type Block = Partial<Record<keyof RequestBlock, unknown>>;

function block(given: Block): RequestBlock {
  return requestBlock.parse({ endpoint: 'chat', model: 'claude-haiku-4-5', prompt: '{{ body }}', ...given });
}

/** The body with its templates as they stand. @param isAsked without what stands aside */
function textOf(given: Block, isAsked = false): string {
  return dialect
    .body(block(given))
    .pieces.map((piece) => {
      if (piece.kind === 'parts') {
        const texts = piece.parts.map(({ template }) => piece.write({ kind: 'text', text: template }));
        return texts.join(',');
      }
      if (piece.kind === 'template') return JSON.stringify(piece.template).slice(1, -1);
      return piece.kind === 'aside' && isAsked ? '' : piece.text;
    })
    .join('');
}

function body(given: Block, isAsked = false): Record<string, unknown> {
  return JSON.parse(textOf(given, isAsked)) as Record<string, unknown>;
}

const user = { role: 'user', content: '{{ body }}' };

describe('a request', () => {
  test('has a limit, and nothing else that the file does not say', () => {
    expect(body({})).toEqual({ model: 'claude-haiku-4-5', max_tokens: 4096, messages: [user] });
  });

  test.each(['max_tokens', 'max_completion_tokens', 'max_output_tokens'])('takes its limit by %s', (name) => {
    const { model: _, ...rest } = body({ params: { [name]: 60 } });
    expect(rest).toEqual({ max_tokens: 60, messages: [user] });
  });

  test('says in the API’s words what the file says in OpenAI’s, and passes on what is its own', () => {
    const params = { temperature: 0.5, top_p: 0.9, stop: 'END', top_k: 5, thinking: { type: 'disabled' } };
    const { stop: _, ...same } = params;
    expect(body({ params })).toMatchObject({ ...same, stop_sequences: ['END'] });
    expect(body({ params })).not.toHaveProperty('stop');
    expect(body({ params: { stop: ['A', 'B'] } })).toMatchObject({ stop_sequences: ['A', 'B'] });
  });

  test('puts every message of the system before the others', () => {
    const messages = [
      { role: 'system', content: 'One.' },
      { role: 'user', content: 'Hi' },
      { role: 'developer', content: [{ text: 'Two.' }] },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: '{{ body }}' },
    ];
    expect(body({ prompt: undefined, messages })).toMatchObject({
      system: 'One.\n\nTwo.',
      messages: [messages[1], messages[3], messages[4]],
    });
    expect(body({ system: 'One.' })).toMatchObject({ system: 'One.', messages: [user] });
  });

  test('asks for an answer by a schema beside what else the output is to be', () => {
    const output = { schema: { type: 'object' } };
    const format = { type: 'json_schema', schema: output.schema };
    expect(body({ output })).toMatchObject({ output_config: { format } });
    const params = { output_config: { effort: 'low' } };
    expect(body({ output, params })).toMatchObject({ output_config: { effort: 'low', format } });
  });

  test('writes parts of messages as blocks', () => {
    const { pieces } = dialect.body(
      block({
        prompt: undefined,
        messages: [{ role: 'user', content: [{ text: 'a' }, { image: '{{ url }}' }] }],
      }),
    );
    const parts = pieces.find((piece) => piece.kind === 'parts');
    if (parts?.kind !== 'parts') throw new Error('There are no parts.');
    const data = { kind: 'data', base64: 'AAAA', name: null } as const;
    const written = [
      parts.write({ kind: 'address', url: 'https://example.com/a.png', mediaType: 'image/png' }),
      parts.write({ ...data, holds: 'image', mediaType: 'image/png' }),
      parts.write({ ...data, holds: 'file', mediaType: 'application/pdf' }),
    ];
    expect(written.map((text) => JSON.parse(text) as unknown)).toEqual([
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } },
    ]);
  });
});

describe('the head that all rows share', () => {
  const long = 'You tag support tickets.\n'.repeat(200);
  const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };

  test('is to be kept from 4,096 bytes on', () => {
    const of = (bytes: number) => body({ system: 'x'.repeat(bytes) })['system'];
    expect(of(4095)).toBe('x'.repeat(4095));
    expect(of(4096)).toEqual([{ text: 'x'.repeat(4096), type: 'text', ...mark }]);
    expect(of(4096)).not.toEqual(body({ system: 'x'.repeat(4096), cache: 'off' })['system']);
  });

  test.each<{ readonly name: string; readonly given: Block }>([
    { name: 'a constant system', given: { system: long } },
    { name: 'a system that names a field', given: { system: `${long}It is of {{ day }}.` } },
    { name: 'a prompt that begins so', given: { prompt: `${long}The ticket:\n{{ body }}` } },
    {
      name: 'a prompt of one line',
      given: { prompt: `${long.replaceAll('\n', ' ')}The ticket: {{- body }}` },
    },
    { name: 'tools', given: { params: { tools: [{ name: 'a' }, { name: 'b', description: long }] } } },
    {
      name: 'an example before the row',
      given: {
        prompt: undefined,
        messages: [
          { role: 'user', content: long },
          { role: 'assistant', content: 'tag' },
          { role: 'user', content: '{{ body }}' },
        ],
      },
    },
  ])('is no other request whether it is kept or not: $name', ({ given }) => {
    const sent = textOf(given);
    expect(sent.split('"cache_control"')).toHaveLength(2);
    expect(textOf(given, true)).toBe(textOf({ ...given, cache: 'off' }));
    const asides = new Asides(dialect.body(block(given)).pieces);
    expect(asides.without(toWire(sent))).toBe(textOf(given, true));
    expect(() => JSON.parse(sent) as unknown).not.toThrow();
  });

  test('ends before the last line of what is constant, so that no block is ever empty', () => {
    const prompt = `${long}The ticket:\n{{ body }}`;
    expect(body({ prompt })['messages']).toEqual([
      {
        role: 'user',
        content: [
          { text: long, type: 'text', ...mark },
          { text: 'The ticket:\n{{ body }}', type: 'text' },
        ],
      },
    ]);
  });

  test('is marked on the last block that is wholly of it', () => {
    const tools = [{ name: 'a', description: long }];
    expect(body({ params: { tools }, system: 'Be brief.', prompt: '{{ body }}' })).toMatchObject({
      tools,
      system: [{ text: 'Be brief.', ...mark }],
      messages: [user],
    });
  });

  test('is left to the file where that has marks of its own', () => {
    const params = { tools: [{ name: 'a', description: long, cache_control: { type: 'ephemeral' } }] };
    expect(textOf({ params, system: long }).split('"cache_control"')).toHaveLength(2);
  });
});

function sizeOf(given: Block) {
  const { texts, messages } = dialect.promptTexts('chat', body(given));
  return { bytes: Buffer.byteLength(texts.join('')), messages };
}

describe('the size of a prompt', () => {
  test('counts the texts of blocks as it counts texts', () => {
    const system = 'x'.repeat(5000);
    expect(sizeOf({ system })).toEqual(sizeOf({ system, cache: 'off' }));
    expect(sizeOf({ system })).toEqual({ bytes: 5000 + '{{ body }}'.length, messages: 2 });
  });
});
