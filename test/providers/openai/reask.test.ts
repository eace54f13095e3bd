import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { originalLine, reaskingLine } from '../../../src/providers/openai/dialect/reask.ts';

const complaint =
  'Your answer was not accepted: /tags must be array. Answer again with nothing but JSON that fits the schema.';

function line(body: object): Buffer {
  return Buffer.from(JSON.stringify({ custom_id: '1', method: 'POST', url: '/v1/x', body }));
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
    const again = reaskingLine(first, '{"tags":1}', '/tags must be array');
    expect(body(again)).toEqual({
      model: 'm',
      messages: [{ role: 'system', content: 's' }, user, ...addition],
      temperature: 0,
    });
  });

  test('of responses has a list as its input', () => {
    const ofText = reaskingLine(line({ model: 'm', input: 'Tag it.' }), '{"tags":1}', '/tags must be array');
    expect(body(ofText)).toEqual({ model: 'm', input: [{ type: 'message', ...user }, ...addition] });
    const ofList = reaskingLine(line({ model: 'm', input: [user] }), '{"tags":1}', '/tags must be array');
    expect(body(ofList)).toEqual({ model: 'm', input: [user, ...addition] });
  });

  test('is one line, without what a reader or provider could stumble over', () => {
    const again = reaskingLine(line({ messages: [user] }), 'a\n\u2028\ud800', 'bad');
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
      const again = reaskingLine(first, answer, problem);
      expect(again.equals(first)).toBe(false);
      expect(originalLine(again).toString('utf8')).toBe(
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
    expect(originalLine(first)).toBe(first);
});
