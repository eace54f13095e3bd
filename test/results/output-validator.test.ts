import { expect, test } from 'vitest';
import { createOutputValidator } from '../../src/results/output-validator.ts';

const validate = await createOutputValidator({
  type: 'object',
  properties: {
    kind: { type: 'string', enum: ['a', 'b'] },
    codes: {
      type: 'array',
      items: { type: 'string', enum: Array.from({ length: 500 }, (_, n) => `code ${n}`) },
    },
    part: {
      anyOf: [
        { type: 'number' },
        { type: 'object', properties: { size: { type: 'number' } }, required: ['size'] },
      ],
    },
  },
  required: ['kind'],
  additionalProperties: false,
});

test.each<readonly [unknown, string]>([
  [[], 'the answer must be object'],
  [{}, "the answer must have required property 'kind'"],
  [{ kind: 'c' }, '/kind must be equal to one of the allowed values: ["a","b"]'],
  [{ kind: 'a', more: 1 }, 'the answer must NOT have additional properties, such as "more"'],
  [{ kind: 'a', part: { size: 'x' } }, '/part/size must be number'],
])('%j', (answer, message) => {
  expect(validate(answer)).toBe(message);
});

test.each([
  [{ kind: 'a', codes: ['code 0', 'code x'] }, '/codes/1 must be equal'],
  [{ kind: 'a', ['😀'.repeat(1000)]: 1 }, 'the answer must NOT have additional properties'],
])('a message is short, whatever the schema and the answer hold: %.40j', (answer, beginning) => {
  const message = validate(answer) ?? '';
  expect(message.startsWith(beginning)).toBe(true);
  expect(message.length).toBeLessThan(250);
  expect(message.isWellFormed()).toBe(true);
});
