import { expect, test } from 'vitest';
import type { BodyPiece, Dialect } from '../../src/core/dialect.ts';
import type { JsonMap } from '../../src/core/json.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import { jsonToWire } from '../../src/core/wire-text.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { RequestHash } from '../../src/request/request-hash.ts';
import { RequestLines } from '../../src/request/request-lines.ts';
import { linesOf, renderRows, requestLines } from './renderer-support.ts';

const aside = ',"keep":{"type":"brief"}';

function json(text: string): BodyPiece {
  return { kind: 'json', text: jsonToWire(text) };
}

/** OpenAI's dialect with something aside in its system message and at the body's end. */
const withAsides: Dialect = {
  ...openAiDialect,
  body: ({ system = '', prompt = '' }) => ({
    messages: 2,
    pieces: [
      json('{"messages":[{"role":"system","content":"'),
      { kind: 'template', template: system, role: 'system' },
      json('"'),
      { kind: 'aside', text: jsonToWire(aside) },
      json('},{"role":"user","content":"'),
      { kind: 'template', template: prompt, role: 'prompt' },
      json('"}],"seed":1'),
      { kind: 'aside', text: jsonToWire(aside) },
      json(',"stop":"x"}'),
    ],
  }),
};

/** The same without. */
const plain: Dialect = {
  ...withAsides,
  body: (request) => {
    const { messages, pieces } = withAsides.body(request);
    return { messages, pieces: pieces.filter(({ kind }) => kind !== 'aside') };
  },
};

const request = requestBlock.parse({
  endpoint: 'chat',
  model: 'm',
  system: `S ${aside} {{ id }}`,
  prompt: '{{ body }}',
});
const rows = [{ id: '1', body: `a ${aside} "é" \\` }];

function rendered(dialect: Dialect) {
  const items = renderRows(request, rows, { dialect, wantsHash: true });
  const [line = ''] = linesOf(items.lines, items.lineEnds);
  return { items, line: Buffer.from(line) };
}

test('what stands aside is sent, and is no part of the hash, nor of the estimate', () => {
  const [sent, asked] = [rendered(withAsides).items, rendered(plain).items];
  expect(requestLines(sent)[0]?.body).toMatchObject({
    keep: { type: 'brief' },
    messages: [{ keep: { type: 'brief' } }, {}],
  });
  expect(requestLines(asked)[0]?.body).not.toHaveProperty('keep');
  expect(sent.hashes).toEqual(asked.hashes);
  expect(sent.tokens).toEqual(asked.tokens);
});

test('a stored line says what was asked, also once it has asked again', () => {
  const { items, line } = rendered(withAsides);
  const lines = new RequestLines(withAsides, request);
  const again = lines.reasking(line, '{}', 'bad');
  expect((JSON.parse(again.toString()) as { body: JsonMap }).body).toHaveProperty('keep');
  const hash = new RequestHash(withAsides.path(request));
  expect([line, lines.original(again)].map((each) => hash.ofText(lines.askedIn(each)))).toEqual([
    items.hashes?.[0],
    items.hashes?.[0],
  ]);
});

test('the aside that is taken out is the one that was put in', () => {
  const twice: Dialect = {
    ...openAiDialect,
    body: (block) => ({
      messages: 1,
      pieces: [
        json('{"a":{"x":"'),
        { kind: 'template', template: block.prompt ?? '', role: 'prompt' },
        json(`"${aside}},"b":{"x":1`),
        { kind: 'aside', text: jsonToWire(aside) },
        json('}}'),
      ],
    }),
  };
  const { items, line } = rendered(twice);
  const lines = new RequestLines(twice, request);
  expect(JSON.parse(Buffer.from(lines.askedIn(line), 'latin1').toString())).toEqual({
    a: { x: rows[0]?.body, keep: { type: 'brief' } },
    b: { x: 1 },
  });
  expect(new RequestHash(twice.path(request)).ofText(lines.askedIn(line))).toBe(items.hashes?.[0]);
});
