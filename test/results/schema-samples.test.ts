import { expect, test } from 'vitest';
import { schemaSamples } from '../../src/results/schema-samples.ts';

const words = 'An answer in words';
const root = { $defs: { level: { enum: ['low', 'high', null] } } };

test.each<[string, object, readonly unknown[] | undefined, boolean?]>([
  ['text', { type: 'string' }, [words]],
  ['short text', { type: 'string', maxLength: 2 }, ['An']],
  ['a time', { type: 'string', format: 'date-time' }, ['2026-11-22T10:00:00Z']],
  ['a pattern', { type: 'string', pattern: '^\\d+$' }, undefined],
  ['a format of its own', { type: 'string', format: 'isbn' }, undefined],
  ['text or null', { type: ['string', 'null'] }, [words]],
  ['text or null, the other way', { anyOf: [{ type: 'string' }, { type: 'null' }] }, [words]],
  ['an enum', { type: 'string', enum: ['a', 'b'] }, ['a', 'b'], true],
  ['a constant', { const: 4 }, [4], true],
  ['a boolean', { type: 'boolean' }, [true, false], true],
  ['a whole number', { type: 'integer' }, [7]],
  ['a range', { type: 'integer', minimum: 1, maximum: 5 }, [1, 5]],
  ['a fraction', { type: 'number' }, [0.5]],
  ['a fraction in a range', { type: 'number', minimum: 0, maximum: 100 }, [0.5]],
  ['a fraction in a small range', { type: 'number', minimum: 0, maximum: 0.5 }, [0.25]],
  ['texts', { type: 'array', items: { type: 'string' } }, [[words]]],
  ['an object', { type: 'object', properties: {} }, [{}]],
  ['a reference', { $ref: '#/$defs/level' }, ['low', 'high'], true],
  ['a reference into nowhere', { $ref: '#/$defs/other' }, undefined],
  ['a circle', { $ref: '#' }, undefined],
  ['nothing', {}, undefined],
])('%s', (_name, schema, values, isEvery = false) => {
  const samples = schemaSamples({ ...root, $ref: '#' }, schema);
  const found = samples === undefined ? undefined : { values: samples.values, isEvery: samples.isEvery };
  expect(found).toEqual(values === undefined ? undefined : { values, isEvery });
});

test.each([
  [{ type: ['string', 'null'] }, true],
  [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, true],
  [{ $ref: '#/$defs/level' }, true],
  [{ enum: ['a', null] }, true],
  [{ type: 'string' }, false],
  [{ type: 'array', items: { type: ['string', 'null'] } }, false],
])('%j may be null: %s', (schema, mayBeNull) => {
  expect(schemaSamples({ ...root, $ref: '#' }, schema)).toMatchObject({ mayBeNull });
});
