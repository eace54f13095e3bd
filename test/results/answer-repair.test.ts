import { describe, expect, test } from 'vitest';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { createAnswerReader } from '../../src/results/answer-reader.ts';
import { createAnswerRepair } from '../../src/results/answer-repair.ts';
import { createOutputValidator } from '../../src/results/output-validator.ts';

const repair = await createAnswerRepair();
const fence = '```';

const repaired: readonly (readonly [string, unknown])[] = [
  [`${fence}json\n{"a": 1}\n${fence}`, { a: 1 }],
  [`${fence}\n{"a": 1}\n${fence}\n`, { a: 1 }],
  [
    `Sure! Here is what you asked for:\n\n${fence}json\n{"a": [1, 2,],}\n${fence}\nI hope it helps!`,
    { a: [1, 2] },
  ],
  ['Sure! Here is {"a": 1}', { a: 1 }],
  ['The list: [1, 2, 3,]', [1, 2, 3]],
  ['{"a": 1,}', { a: 1 }],
  ["{'a': 'b', c: True, d: None}", { a: 'b', c: true, d: null }],
  ['{"a": "b" /* why */} // so', { a: 'b' }],
  ['{"a": "two\nlines"}', { a: 'two\nlines' }],
  ['{"a": {"b": [1]}', { a: { b: [1] } }],
  [`${fence}json\n{"code": "${fence}js\\nx${fence}",}\n${fence}`, { code: `${fence}js\nx${fence}` }],
  ['{"answer": 1,}', { answer: 1 }],
];

const left: readonly string[] = [
  '',
  'Sorry, I cannot do that.',
  '"text",',
  '{"a": 1}\n{"a": 2}',
  '{"a": 1}, {"a": 2}',
  '[1]\n[2]',
  '[[1]]\n[2]',
  '[1], [2]',
  '{"a": 1}, "b": 2',
  '{"a": 1}, "answer": {"a": 2}',
  `${fence}json\n{"a": 1}\n${fence}\nor\n${fence}json\n{"a": 2}\n${fence}`,
  '[as you wish] {"a": 1}',
  '['.repeat(100_000),
];

describe('repair', () => {
  test.each(repaired)('%j', (text, value) => {
    expect(repair(text)?.value).toEqual(value);
  });

  test.each(left)('leaves %.60j', (text) => {
    expect(repair(text)).toBeUndefined();
  });
});

describe('an answer', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'number' } },
    required: ['a'],
    additionalProperties: false,
  };

  async function judge(content: string, finish_reason: string | null, mayRepair = true) {
    const reader = createAnswerReader({
      dialect: openAiDialect,
      endpoint: 'chat',
      needs: new Set(['json']),
      validate: await createOutputValidator(schema),
      repair: mayRepair ? repair : undefined,
    });
    const body = { model: 'm', choices: [{ message: { role: 'assistant', content }, finish_reason }] };
    const line = Buffer.from(
      JSON.stringify({ custom_id: '1', response: { status_code: 200, body }, error: null }),
    );
    return reader.read(line, 0, line.length);
  }

  test('that is whole is repaired, keeps its text, and says so', async () => {
    const text = 'Here: {"a": 12345678901234567890,}';
    expect(await judge(text, 'stop')).toMatchObject({
      kind: 'ok',
      answer: { text, json: { a: 12345678901234567890n }, isRepaired: true },
    });
    expect(await judge('{"a": 1}', 'stop')).toMatchObject({ kind: 'ok', answer: { isRepaired: false } });
  });

  test('that was cut, or may have been, is not repaired', async () => {
    expect(await judge('{"a": 1', 'length')).toMatchObject({ kind: 'failed', code: 'length' });
    expect(await judge('{"a": 1', null)).toMatchObject({ kind: 'failed', code: 'invalid_json' });
  });

  test('that was repaired must fit the schema', async () => {
    expect(await judge('Here: {"a": "1"}', 'stop')).toMatchObject({
      kind: 'failed',
      code: 'schema_mismatch',
      message: '/a must be number',
    });
  });

  test('is not repaired where nobody asked for it', async () => {
    expect(await judge('Here: {"a": 1}', 'stop', false)).toMatchObject({
      kind: 'failed',
      code: 'invalid_json',
    });
  });
});
