import { expect, test } from 'vitest';
import type { BodyPiece } from '../../../src/core/dialect.ts';
import type { MessagePart } from '../../../src/core/message-part.ts';
import { requestBlock } from '../../../src/core/request-block.ts';
import { geminiDialect } from '../../../src/providers/gemini/dialect/dialect.ts';

const model = 'gemini-2.5-flash';
const request = (block: object) => requestBlock.parse({ endpoint: 'chat', model, ...block });

/** The body of a request, its templates taken as they stand. */
function bodyOf(block: object): unknown {
  return JSON.parse(geminiDialect.body(request(block)).pieces.map(textOf).join(''));
}

function textOf(piece: BodyPiece): string {
  if (piece.kind === 'template') return JSON.stringify(piece.template).slice(1, -1);
  if (piece.kind !== 'parts') return piece.text;
  return piece.parts.map(({ template }) => piece.write({ kind: 'text', text: template })).join(',');
}

test('system and prompt become an instruction and a turn, and the instruction stands first', () => {
  const body = bodyOf({ system: 'Tag "it".', prompt: '{{ text }}' });
  expect(JSON.stringify(body)).toBe(
    '{"systemInstruction":{"parts":[{"text":"Tag \\"it\\"."}]},"contents":[{"role":"user","parts":[{"text":"{{ text }}"}]}]}',
  );
});

test('system and developer messages are one instruction; assistant is model', () => {
  const messages = [
    { role: 'system', content: 'a' },
    { role: 'user', content: 'b' },
    { role: 'assistant', content: 'c' },
    { role: 'developer', content: 'd' },
    { role: 'user', content: [{ text: 'e' }, { text: 'f' }] },
  ];
  expect(bodyOf({ messages })).toEqual({
    systemInstruction: { parts: [{ text: 'a' }, { text: 'd' }] },
    contents: [
      { role: 'user', parts: [{ text: 'b' }] },
      { role: 'model', parts: [{ text: 'c' }] },
      { role: 'user', parts: [{ text: 'e' }, { text: 'f' }] },
    ],
  });
});

test('portable params are translated, and all others merged deep', () => {
  const params = {
    max_tokens: 60,
    temperature: 0,
    top_p: 0.5,
    stop: 'END',
    seed: 7,
    generationConfig: { topK: 3, thinkingConfig: { thinkingBudget: 0 } },
    safetySettings: [{ category: 'x' }],
  };
  const schema = { type: 'object', properties: {} };
  expect(bodyOf({ prompt: 'p', params, output: { schema } })).toMatchObject({
    generationConfig: {
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
      maxOutputTokens: 60,
      temperature: 0,
      topP: 0.5,
      stopSequences: ['END'],
      seed: 7,
      topK: 3,
      thinkingConfig: { thinkingBudget: 0 },
    },
    safetySettings: [{ category: 'x' }],
  });
});

test('a format of its own takes the place of the schema', () => {
  const params = { generation_config: { responseMimeType: 'text/x.enum' } };
  expect(bodyOf({ prompt: 'p', params, output: { schema: {} } })).toMatchObject({
    generationConfig: { responseMimeType: 'text/x.enum' },
  });
});

test('an embedding is one content, with the dimensions that are asked for', () => {
  const block = {
    endpoint: 'embeddings',
    input: '{{ x }}',
    params: { dimensions: 768, taskType: 'CLUSTERING' },
  };
  expect(bodyOf(block)).toEqual({
    content: { parts: [{ text: '{{ x }}' }] },
    outputDimensionality: 768,
    taskType: 'CLUSTERING',
  });
});

test('the path names model and method', () => {
  const embedding = request({ endpoint: 'embeddings', model: 'models/gemini-embedding-001', input: 'x' });
  expect(geminiDialect.path(request({ prompt: 'p' }))).toBe(`/v1beta/models/${model}:generateContent`);
  expect(geminiDialect.path(embedding)).toBe('/v1beta/models/gemini-embedding-001:embedContent');
  expect(geminiDialect.facts(embedding)).toMatchObject({ dimensions: 3072, longestInput: 2048 });
  expect(geminiDialect.facts({ ...embedding, params: { dimensions: 256 } }).dimensions).toBe(256);
});

test.each([
  [{ endpoint: 'responses', prompt: 'p' }, ['endpoint'], /provider\.type openai/],
  [{ messages: [{ role: 'tool', content: 'x' }] }, ['messages', 0, 'role'], /no role/],
  [{ messages: [{ role: 'system', content: 'x' }] }, ['messages'], /role user/],
  [{ prompt: 'p', params: { contents: [] } }, ['params', 'contents'], /collides/],
  [{ prompt: 'p', params: { stream: true } }, ['params', 'stream'], /read whole/],
])('%j is a fault', (block, path, message) => {
  const faults = geminiDialect.faults(request(block));
  expect(faults).toMatchObject([{ path, message: expect.stringMatching(message) as string }]);
  expect(() => geminiDialect.body(request(block))).toThrow(message);
});

const address = (mediaType: string | null): MessagePart => ({
  kind: 'address',
  url: 'https://a.example/cat',
  mediaType,
});

test('parts have forms of their own', () => {
  const [piece] = geminiDialect
    .body(request({ messages: [{ role: 'user', content: [{ image: '{{ url }}' }] }] }))
    .pieces.filter(({ kind }) => kind === 'parts');
  if (piece?.kind !== 'parts') throw new Error('There are no parts.');
  const write = (part: MessagePart): unknown => JSON.parse(piece.write(part));
  expect(write(address('image/png'))).toEqual({
    fileData: { fileUri: 'https://a.example/cat', mimeType: 'image/png' },
  });
  const data = {
    kind: 'data',
    holds: 'file',
    mediaType: 'application/pdf',
    base64: 'QQ==',
    name: null,
  } as const;
  expect(write(data)).toEqual({ inlineData: { mimeType: 'application/pdf', data: 'QQ==' } });
  expect(() => write(address(null))).toThrow(/data: URL or a path/);
});
