import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { linesOver } from '../../src/batch/lines-over.ts';
import type { Endpoint } from '../../src/core/dialect.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { temporaryFolder } from '../batch/temporary-folder.ts';
import { chatLines, requestLinesFor } from './chat-lines.ts';

const complaint =
  'Your answer was not accepted: /tags must be array. Answer again with nothing but JSON that fits the schema.';

function line(body: object, endpoint: Endpoint = 'chat'): Buffer {
  const url = openAiDialect.paths[endpoint];
  return Buffer.from(JSON.stringify({ custom_id: '1', method: 'POST', url, body }));
}

function body(bytes: Buffer): unknown {
  return (JSON.parse(bytes.toString('utf8')) as { readonly body: unknown }).body;
}

const user = { role: 'user', content: 'Tag it.' };
const addition = [
  { role: 'assistant', content: '{"tags":1}' },
  { role: 'user', content: complaint },
];

describe('a line that asks again', () => {
  test('of chat completions has the answer and what was wrong with it behind its messages', () => {
    const first = line({ model: 'm', messages: [{ role: 'system', content: 's' }, user], temperature: 0 });
    const again = chatLines.reasking(first, '{"tags":1}', '/tags must be array');
    expect(body(again)).toEqual({
      model: 'm',
      messages: [{ role: 'system', content: 's' }, user, ...addition],
      temperature: 0,
    });
  });

  test('of responses has a list as its input', () => {
    const ofText = chatLines.reasking(
      line({ model: 'm', input: 'Tag it.' }),
      '{"tags":1}',
      '/tags must be array',
    );
    expect(body(ofText)).toEqual({ model: 'm', input: [{ type: 'message', ...user }, ...addition] });
    const ofList = chatLines.reasking(
      line({ model: 'm', input: [user] }),
      '{"tags":1}',
      '/tags must be array',
    );
    expect(body(ofList)).toEqual({ model: 'm', input: [user, ...addition] });
  });

  test('is one line, without what a reader or provider could stumble over', () => {
    const again = chatLines.reasking(line({ messages: [user] }), 'a\n\u2028\ud800', 'bad');
    expect(again.toString('utf8')).not.toMatch(/[\n\u2028\ud800]|\\ud800/);
  });
});

const texts = fc.string({ unit: 'binary' });
const messages = fc.array(
  fc.record({ role: fc.constantFrom('user', 'assistant', 'system'), content: texts }),
  { minLength: 1 },
);
const bodies = fc.oneof(
  fc.record({
    model: texts,
    messages,
    seed: fc.maxSafeInteger(),
    temperature: fc.double({ noNaN: true, noDefaultInfinity: true }),
  }),
  fc.record({ model: texts, input: texts }),
  fc.record({ model: texts, instructions: texts, input: messages }),
);

test('what was first sent is got back to the byte', () => {
  fc.assert(
    fc.property(bodies, texts, texts, (anyBody, answer, problem) => {
      const first = line(anyBody);
      const again = chatLines.reasking(first, answer, problem);
      expect(again.equals(first)).toBe(false);
      expect(chatLines.original(again).toString('utf8')).toBe(
        first.toString('utf8').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029'),
      );
    }),
  );
});

test('a line that asks for the first time stays as it is', () => {
  for (const first of [
    line({ messages: [user] }),
    line({ input: 'x' }),
    line({ messages: [{ role: 'assistant', content: 'x' }, user] }),
  ])
    expect(chatLines.original(first)).toBe(first);
});

describe('a line', () => {
  const stored = line({ model: 'm', messages: [{ role: 'user', content: '"é"' }] });

  it('gives its id and its body, byte by byte', () => {
    expect(chatLines.idOf(stored)).toBe('1');
    const body = stored.subarray(stored.indexOf('{"model"'), -1);
    expect(Buffer.from(chatLines.bodyOf(stored), 'latin1').equals(body)).toBe(true);
  });

  it('is understood though the pipeline asks for something else by now', () => {
    const embedding = line({ input: 'abcde' }, 'embeddings');
    expect(chatLines.idOf(embedding)).toBe('1');
    expect(chatLines.tokensOf(embedding)).toBe(2);
  });

  it('is understood though it was printed anew on its way', () => {
    const printed = Buffer.from(
      JSON.stringify(JSON.parse(stored.toString('utf8')), null, 1).replaceAll('\n', ''),
    );
    expect(chatLines.idOf(printed)).toBe('1');
    expect(chatLines.tokensOf(printed)).toBe(chatLines.tokensOf(stored));
  });

  it('of another kind is a defect', () => {
    expect(() => chatLines.idOf(Buffer.from('{"a":1}'))).toThrow('no request');
  });
});

describe('the estimated tokens of a stored line', () => {
  it.each<readonly [string, Endpoint, object, number]>([
    [
      'chat',
      'chat',
      {
        messages: [
          { role: 'system', content: 'abcd' },
          { role: 'user', content: 'ef\n"' },
        ],
      },
      2 + 16,
    ],
    ['text parts', 'chat', { messages: [{ content: [{ type: 'text', text: 'héllo' }] }] }, 2 + 8],
    ['responses', 'responses', { instructions: 'abcd', input: 'abcde' }, 3 + 16],
    ['a list of messages', 'responses', { input: [{ role: 'user', content: 'abcd' }] }, 1 + 8],
    ['embeddings', 'embeddings', { input: 'abcde', model: 'a long name that is not counted' }, 2],
  ])('are those of the texts and messages of %s', (_name, endpoint, body, tokens) => {
    expect(requestLinesFor(endpoint).tokensOf(line(body, endpoint))).toBe(tokens);
  });

  it('tell the lines that are over a limit', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'requests.jsonl');
    const lines = [4, 40, 8, 44].map((length) => line({ input: 'x'.repeat(length) }, 'embeddings'));
    await writeFile(path, lines.map((each) => `${each.toString()}\n`).join(''));
    const over = await linesOver(
      path,
      (each) => requestLinesFor('embeddings').tokensOf(each),
      9,
      AbortSignal.timeout(5000),
    );
    expect([...over]).toEqual([
      [1, 10],
      [3, 11],
    ]);
  });
});

test('a line says where its request goes, also of an endpoint that the file has no more', () => {
  expect(chatLines.pathOf(line({ model: 'm' }))).toBe('/v1/chat/completions');
  expect(chatLines.pathOf(line({ model: 'm' }, 'embeddings'))).toBe('/v1/embeddings');
});
