import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answer } from '../../../src/emulator/answers/answer.ts';
import { isMap, type JsonMap } from '../../../src/core/json.ts';

const prompts = ['', 'The invoice was refunded twice; the invoice is wrong.', '発票 🙂 Ωμέγα', 'a b c'];

function answerFor(schema: JsonMap, prompt: string): unknown {
  const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } };
  const body = { model: 'm', response_format, messages: [{ role: 'user', content: prompt }] };
  const { choices } = answer('/v1/chat/completions', body);
  const [choice] = choices as { message: { content: string } }[];
  return JSON.parse(choice?.message.content ?? '');
}

/** The answers to the schema that do not fit it, with why. */
function misfits(schema: JsonMap): unknown[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema as AnySchema);
  return prompts
    .map((prompt) => answerFor(schema, prompt))
    .flatMap((value) => (validate(value) ? [] : [{ value, errors: validate.errors }]));
}

const text = fc.record(
  {
    type: fc.constant('string'),
    minLength: fc.integer({ min: 0, max: 40 }),
    extra: fc.integer({ min: 0, max: 20 }),
  },
  { requiredKeys: ['type'] },
);
const strings = fc.oneof(
  text.map(({ extra, ...schema }) =>
    extra === undefined ? schema : { ...schema, maxLength: (schema.minLength ?? 0) + extra },
  ),
  fc
    .constantFrom('date', 'time', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid', 'uri')
    .map((format) => ({ type: 'string', format })),
  fc
    .constantFrom(
      '^[A-Z]{2}-\\d{3,5}$',
      '^(foo|ba[rz])+$',
      '^[^0-9]\\w*(?:-x)?$',
      '^\\d{4}-\\d{2}$',
      'a.c',
      '^[a-f\\d-]{8}$',
    )
    .map((pattern) => ({ type: 'string', pattern })),
);
const edge = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.double({ min: -5, max: 5, noNaN: true }));
const numbers = fc
  .record({
    type: fc.constantFrom('number', 'integer'),
    low: fc.option(edge),
    span: fc.option(fc.integer({ min: 8, max: 100 })),
    lowName: fc.constantFrom('minimum', 'exclusiveMinimum'),
    highName: fc.constantFrom('maximum', 'exclusiveMaximum'),
    multipleOf: fc.option(fc.constantFrom(1, 2, 0.5, 0.01, 3)),
  })
  .map(({ type, low, span, lowName, highName, multipleOf }) => ({
    type,
    ...(low === null ? {} : { [lowName]: low }),
    ...(span === null ? {} : { [highName]: (low ?? 0) + span }),
    ...(multipleOf === null || (type === 'integer' && multipleOf % 1 !== 0) ? {} : { multipleOf }),
  }));
const choices = fc.oneof(
  fc
    .uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 1 })
    .map((members) => ({ enum: members })),
  fc
    .json({ maxDepth: 1 })
    // The validator asks these of a value itself, and takes a key for the method.
    .filter((json) => !/"(?:constructor|toString|valueOf)"/.test(json))
    .map((json) => ({ const: JSON.parse(json) as unknown })),
  fc.constantFrom({ type: 'boolean' }, { type: 'null' }, {}),
);

const { schema } = fc.letrec<{ schema: JsonMap; object: JsonMap }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    strings,
    numbers,
    choices,
    tie('object'),
    fc
      .record({ items: tie('schema'), fewest: fc.nat(3), more: fc.option(fc.nat(4)) })
      .map(({ items, fewest, more }) => ({
        type: 'array',
        items,
        minItems: fewest,
        ...(more === null ? {} : { maxItems: fewest + more }),
      })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc
      .record({ of: strings, nullable: fc.constant(true) })
      .map(({ of }) => ({ ...of, type: ['string', 'null'] })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((prefixItems) => ({
      type: 'array',
      prefixItems,
      items: false,
      minItems: prefixItems.length,
    })),
  ),
  object: fc
    .dictionary(fc.oneof(fc.constantFrom('summary', 'tags', 'toString'), fc.string()), tie('schema'), {
      maxKeys: 4,
    })
    .chain((properties) =>
      fc.subarray(Object.keys(properties)).map((required) => ({
        type: 'object',
        properties,
        required,
        additionalProperties: false,
      })),
    ),
}));

describe('a structured answer', () => {
  test('fits whatever schema is asked for', () => {
    fc.assert(
      fc.property(schema, (generated) => {
        expect(misfits(generated)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('fits schemas that refer to themselves, merge and branch', () => {
    const node = {
      type: 'object',
      properties: { children: { type: 'array', items: { $ref: '#/$defs/node' } } },
      required: ['children'],
    };
    const list = { anyOf: [{ $ref: '#/$defs/list' }, { type: 'null' }] };
    const cons = {
      type: 'object',
      properties: { next: list, v: { type: 'integer' } },
      required: ['next', 'v'],
    };
    const number = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
    const least = { properties: { b: { minimum: 3, type: 'number' } }, required: ['b'] };
    const either = [{ properties: { a: { type: 'integer' } } }, { properties: { a: { type: 'string' } } }];
    for (const schema of [
      { $ref: '#/$defs/node', $defs: { node } },
      { type: 'object', properties: { head: list }, required: ['head'], $defs: { list: cons } },
      { allOf: [number, least] },
      { type: 'object', required: ['a'], anyOf: either },
      { type: 'array', items: { enum: ['a', 'b', 'c'] }, minItems: 3, uniqueItems: true },
      { type: 'object', minProperties: 3, additionalProperties: { type: 'integer' } },
      { type: 'array', items: { type: 'string' }, minItems: 30, uniqueItems: true },
    ]) {
      expect(misfits(schema)).toEqual([]);
    }
  });

  test('has a property of any name', () => {
    const schema = {
      properties: JSON.parse('{"__proto__":{"const":1}}') as JsonMap,
      required: ['constructor'],
    };
    expect(Object.entries(answerFor(schema, 'x') as object).map(([name]) => name)).toEqual([
      '__proto__',
      'constructor',
    ]);
  });

  test('takes tags from the prompt, and the member of an enum that the prompt names', () => {
    const schema = {
      type: 'object',
      properties: {
        tags: { type: 'array', items: { type: 'string' } },
        topic: { enum: ['shipping', 'billing', 'other'] },
      },
      required: ['tags', 'topic'],
    };
    const prompt = 'Billing: the invoice is wrong, the invoice was paid. Please correct the invoice.';
    expect(answerFor(schema, prompt)).toEqual({ tags: ['invoice', 'billing', 'wrong'], topic: 'billing' });
  });

  test('comes alike from the Responses API', () => {
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    };
    const body = {
      model: 'm',
      input: 'hello',
      text: { format: { type: 'json_schema', name: 'x', strict: true, schema } },
    };
    const { output } = answer('/v1/responses', body);
    const [message] = output as { content: { text: string }[] }[];
    const value: unknown = JSON.parse(message?.content[0]?.text ?? '');
    expect(isMap(value) && Number.isInteger(value['n'])).toBe(true);
  });
});
