import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { providers } from '../../src/providers/index.ts';
import { sinks } from '../../src/sinks/index.ts';
import { sources } from '../../src/sources/index.ts';
import { transforms } from '../../src/transforms/index.ts';
import { pipelineJsonSchema } from '../../src/config/json-schema.ts';

const registries = { sources, transforms, providers, sinks };

describe.each(Object.entries(registries))('%s', (_kind, declarations) => {
  test('are told apart by name', () => {
    const names = declarations.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(0);
  });

  test.each(declarations.map((declaration) => [declaration.name, declaration] as const))(
    '%s: has examples that parse, and says what each key means',
    (_name, { config, examples, summary }) => {
      expect(summary).toMatch(/\.$/);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples)
        expect(z.strictObject(config.shape).safeParse(example).error).toBeUndefined();
      for (const example of examples) expect(config.safeParse(example).error).toBeUndefined();
    },
  );
});

test('every key of the format has a description', () => {
  expect(keysWithoutDescription(pipelineJsonSchema(), [])).toEqual([]);
});

test('the JSON Schema holds no notes of ours', () => {
  expect(JSON.stringify(pipelineJsonSchema())).not.toMatch(/"(?:secret|language)":/);
});

function keysWithoutDescription(schema: unknown, path: readonly string[]): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]: [string, unknown]) => {
    const inner = keysWithoutDescription(value, [...path, key]);
    const isKey = path.at(-1) === 'properties';
    return isKey && !Object.hasOwn(value as object, 'description')
      ? [[...path, key].join('.'), ...inner]
      : inner;
  });
}
