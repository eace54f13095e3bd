import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RowBatch } from '../../src/core/row-batch.ts';
import type { OpenedTransform } from '../../src/core/transform.ts';
import type { Field, FieldKind, Value } from '../../src/core/value.ts';
import { fromWire } from '../../src/core/wire-text.ts';
import { countTokens } from '../../src/expr/tokens.ts';
import { transforms } from '../../src/transforms/index.ts';
import { rowBatch } from '../request/renderer-support.ts';

const text = (name: string, kind: FieldKind = 'text'): Field => ({ name, kind, sqlType: 'text' });
const unaborted = new AbortController().signal;
const fields = [text('id'), text('subject'), text('body')];
const rows = [
  { id: '1', subject: 'Hi', body: 'one two three four' },
  { id: '2', subject: null, body: 'x' },
  { id: '3', subject: 'Yo', body: '' },
];

describe.each(transforms.map((transform) => [transform.name, transform] as const))(
  '%s',
  (name, transform) => {
    test.each(transform.examples)('example %# is valid', (example) => {
      expect(transform.config.safeParse(example).success).toBe(true);
    });

    test('is in a file of its name', async () => {
      expect(await readFile(new URL(`../../src/transforms/${name}.ts`, import.meta.url), 'utf8')).toContain(
        `name: '${name}'`,
      );
    });
  },
);

describe('filter', () => {
  test.each([
    ['size(body) > 0', ['1', '2'], 1],
    ['size(subject) == 2', ['1', '3'], 1],
    ['subject != null', ['1', '3'], 1],
    ['true', ['1', '2', '3'], 0],
    ['false', [], 3],
  ])('%s', async (where, kept, filtered) => {
    const filter = await open('filter', { where });
    const result = await filter.apply(rowBatch(rows));
    expect(ids(result.batch)).toEqual(kept);
    expect(result.filtered).toBe(filtered);
    expect(result.failures).toEqual([]);
  });

  test('an expression that fails for another reason fails the row', async () => {
    const filter = await open('filter', { where: 'int(body) > 0' });
    const result = await filter.apply(
      rowBatch([
        { ...rows[0], body: '7' },
        { ...rows[1], body: 'seven' },
      ]),
    );
    expect(ids(result.batch)).toEqual(['1']);
    expect(result.filtered).toBe(0);
    expect(result.failures).toMatchObject([
      { row: 1, code: 'expression_failed', message: expect.stringContaining('rows.csv:3') },
    ]);
  });

  test('what is neither true nor false fails the row', async () => {
    const filter = await open('filter', { where: 'body' });
    expect((await filter.apply(rowBatch(rows))).failures).toMatchObject([
      { code: 'filter_not_boolean' },
      {},
      {},
    ]);
  });

  test('needs what its expression reads', async () => {
    const filter = await open('filter', { where: 'size(body) > 0' });
    expect(filter.needs(new Set(['id']))).toEqual(new Set(['id', 'body']));
  });

  test('an unknown variable is found before a row is read', async () => {
    await expect(open('filter', { where: 'bodi == "x"' })).rejects.toMatchObject({
      code: 'invalid_expression',
    });
  });
});

test('select keeps the named fields in their order', async () => {
  const select = await open('select', { fields: ['body', 'id', 'body'] });
  expect(await table(select)).toEqual([
    { body: 'one two three four', id: '1' },
    { body: 'x', id: '2' },
    { body: '', id: '3' },
  ]);
  await expect(open('select', { fields: ['bodi'] })).rejects.toMatchObject({
    code: 'unknown_field',
    hint: 'Did you mean "body"?',
  });
});

test('rename gives other names, swapped ones too', async () => {
  const rename = await open('rename', { fields: { subject: 'body', body: 'subject' } });
  expect((await table(rename))[0]).toEqual({ id: '1', body: 'Hi', subject: 'one two three four' });
  expect(rename.needs(new Set(['body']))).toEqual(new Set(['subject', 'body']));
  await expect(open('rename', { fields: { subject: 'body' } })).rejects.toMatchObject({
    code: 'duplicate_field',
  });
  await expect(open('rename', { fields: { nope: 'x' } })).rejects.toMatchObject({ code: 'unknown_field' });
});

describe('template', () => {
  test('makes a field', async () => {
    const template = await open('template', { field: 'both', template: '{{ subject }}: {{ body }}' });
    expect((await table(template))[0]).toEqual({ ...rows[0], both: 'Hi: one two three four' });
    expect((await table(template))[1]?.['both']).toBe(': x');
    expect(template.needs(new Set(['id', 'both']))).toEqual(new Set(['id', 'subject', 'body']));
  });

  test('replaces a field that it reads', async () => {
    const template = await open('template', { field: 'body', template: '{{ body | upcase }}' });
    expect((await table(template)).map(({ body }) => body)).toEqual(['ONE TWO THREE FOUR', 'X', '']);
    expect(template.needs(new Set(['body']))).toEqual(new Set(['body']));
  });

  test('a row on which it fails is out, and its neighbours keep their own text', async () => {
    const template = await open('template', { field: 'made', template: '{{ body.a }}' }, [
      text('id'),
      text('body', 'json'),
    ]);
    const result = await template.apply(
      rowBatch([
        { id: '1', body: { a: 'x' } },
        { id: '2', body: {} },
        { id: '3', body: { a: 'z' } },
      ]),
    );
    expect(valuesOf(result.batch)).toEqual([
      { id: '1', body: { a: 'x' }, made: 'x' },
      { id: '3', body: { a: 'z' }, made: 'z' },
    ]);
    expect(result.failures).toMatchObject([{ row: 1, code: 'template_failed' }]);
    expect(result.batch.position(1)).toBe('rows.csv:4');
  });

  test('an unknown variable is found before a row is read', async () => {
    await expect(open('template', { field: 'x', template: '{{ nope }}' })).rejects.toMatchObject({
      code: 'unknown_variable',
    });
  });
});

describe('truncate', () => {
  test('cuts what is too long and leaves the rest as it is', async () => {
    const truncate = await open('truncate', { field: 'body', max_tokens: 2 });
    expect((await table(truncate)).map(({ body }) => body)).toEqual(['one two', 'x', '']);
    const withNull = await truncate.apply(rowBatch([{ id: '1', subject: null, body: null }]));
    expect(withNull.batch.value(0, 2)).toBeNull();
  });

  test('special tokens and characters of several bytes', async () => {
    const truncate = await open('truncate', { field: 'body', max_tokens: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('é', '👨‍👩‍👧‍👦', '<|endoftext|>', ' a', '日') }),
        async (body) => {
          const { batch } = await truncate.apply(rowBatch([{ id: '1', subject: null, body }]));
          const cut = batch.value(0, 2) as string;
          expect(body.startsWith(cut) && cut.isWellFormed()).toBe(true);
          expect(countTokens(cut, 'o200k_base')).toBeLessThanOrEqual(3);
        },
      ),
    );
  });

  test('needs its field and has it known', async () => {
    const truncate = await open('truncate', { field: 'body', max_tokens: 2 });
    expect(truncate.needs(new Set(['id']))).toEqual(new Set(['id', 'body']));
    await expect(open('truncate', { field: 'nope', max_tokens: 2 })).rejects.toMatchObject({
      code: 'unknown_field',
    });
  });
});

test('transforms on transforms keep row, key, record and place together', async () => {
  const chain: readonly [name: string, config: unknown][] = [
    ['filter', { where: 'size(body) < 100 && id != "2"' }],
    ['template', { field: 'title', template: '{{ id }}/{{ subject }}' }],
    ['truncate', { field: 'body', max_tokens: 1 }],
    ['rename', { fields: { title: 'name' } }],
    ['select', { fields: ['name', 'body'] }],
    ['filter', { where: 'name != "1/Hi"' }],
  ];
  let batch: RowBatch = rowBatch(rows);
  let incoming: readonly Field[] = fields;
  for (const [name, config] of chain) {
    const opened = await open(name, config, incoming);
    ({ batch } = await opened.apply(batch));
    incoming = opened.fields;
    expect(batch.fields).toEqual(opened.fields);
  }
  expect(valuesOf(batch)).toEqual([{ name: '3/Yo', body: '' }]);
  expect([batch.keyPart(0, 0), batch.record(0), batch.position(0)]).toEqual(['3', 3, 'rows.csv:4']);
});

interface TestedTransform extends OpenedTransform {
  apply(batch: RowBatch): ReturnType<OpenedTransform['apply']>;
}

async function open(
  name: string,
  config: unknown,
  incoming: readonly Field[] = fields,
): Promise<TestedTransform> {
  const transform = transforms.find((candidate) => candidate.name === name);
  if (transform === undefined) throw new RangeError(name);
  const context = { baseDir: tmpdir(), keyParts: 1, encoding: 'o200k_base' } as const;
  const opened = await transform.open(transform.config.parse(config), incoming, context);
  return { ...opened, apply: (batch) => opened.apply(batch, unaborted) };
}

async function table(transform: TestedTransform): Promise<readonly Readonly<Record<string, Value>>[]> {
  return valuesOf((await transform.apply(rowBatch(rows))).batch);
}

/** Each row's values by field; printed text and JSON are compared with them on the way. */
function valuesOf(batch: RowBatch): readonly Readonly<Record<string, Value>>[] {
  return Array.from({ length: batch.length }, (_, row) =>
    Object.fromEntries(
      batch.fields.map(({ name }, index) => {
        const value = batch.value(row, index);
        expect(JSON.parse(fromWire(batch.json(row, index)))).toEqual(value);
        const printed = JSON.parse(`"${fromWire(batch.printed(row, index))}"`) as string;
        expect(printed).toBe(
          typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? ''),
        );
        return [name, value];
      }),
    ),
  );
}

function ids(batch: RowBatch): readonly (string | null)[] {
  return Array.from({ length: batch.length }, (_, row) => batch.keyPart(row, 0));
}
