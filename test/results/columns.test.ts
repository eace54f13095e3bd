import { expect, test } from 'vitest';
import { noUsage } from '../../src/core/batch-result.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import type { Field, Value } from '../../src/core/value.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { type ConfiguredColumn, planColumns } from '../../src/results/columns.ts';
import type { ResultItem } from '../../src/results/result-item.ts';
import { usualBilling } from '../../src/core/batch-result.ts';

const sourceFields: readonly Field[] = [
  { name: 'id', kind: 'integer', sqlType: 'bigint' },
  { name: 'subject', kind: 'text', sqlType: 'character varying(80)' },
  { name: 'n', kind: 'integer', sqlType: 'integer' },
  { name: 'ratio', kind: 'float', sqlType: 'double precision' },
  { name: 'price', kind: 'numeric', sqlType: 'numeric(10,2)' },
  { name: 'meta', kind: 'json', sqlType: 'jsonb' },
];

const schema = {
  type: 'object',
  properties: {
    tags: { type: 'array', items: { type: 'string' } },
    score: { type: ['number', 'null'] },
    count: { type: 'integer' },
    ok: { type: 'boolean' },
    note: { type: 'string' },
    nested: { type: 'object', properties: { deep: { type: 'string' } } },
  },
  required: ['tags', 'count', 'ok', 'nested'],
  additionalProperties: false,
};

function plan(
  configured: Readonly<Record<string, ConfiguredColumn>> | undefined,
  request: Readonly<Record<string, unknown>> = {},
) {
  const block = requestBlock.parse({ endpoint: 'chat', model: 'm', prompt: 'p', ...request });
  const { dimensions } = openAiDialect.facts(block);
  return planColumns({ configured, request: block, dimensions, sourceFields, keyNames: ['id'] });
}

const structured = { output: { schema } };
const embeddings = { endpoint: 'embeddings', prompt: undefined, input: 'x' };

function item(json: Value | undefined, row: Readonly<Record<string, Value>> = {}): ResultItem {
  return {
    customId: 'c1',
    key: { id: '42' },
    row,
    answer: {
      text: 'hello',
      json,
      isRepaired: false,
      embedding: null,
      model: 'm-1',
      finishReason: 'stop',
      requestId: 'req',
      billing: usualBilling,
      body: { a: { b: 1 } },
      usage: { ...noUsage, input_tokens: 7 },
    },
    requestHash: 'ff',
    batchId: 'batch_1',
    attempt: 2,
    now: '2026-11-22T10:00:00.000Z',
  };
}

function types(columns: ReturnType<typeof plan>): Readonly<Record<string, string>> {
  return Object.fromEntries(columns.plans.map(({ name, sqlType }) => [name, sqlType]));
}

test('has text and model where nothing is configured', () => {
  const columns = plan(undefined);
  expect(types(columns)).toEqual({ text: 'text', model: 'text' });
  expect(columns.carried).toEqual([]);
  expect([...columns.needs].toSorted()).toEqual(['model', 'text']);
  expect(columns.evaluate(item(undefined))).toEqual(['hello', 'm-1']);
});

test('has a column a property of the schema, null where an optional one is missing', () => {
  const columns = plan(undefined, structured);
  expect(types(columns)).toEqual({
    tags: 'jsonb',
    score: 'double precision',
    count: 'bigint',
    ok: 'boolean',
    note: 'text',
    nested: 'jsonb',
    model: 'text',
  });
  const answer = { tags: ['a'], count: 3, ok: true, nested: { deep: 'x' } };
  expect(columns.evaluate(item(answer))).toEqual([['a'], null, 3, true, null, { deep: 'x' }, 'm-1']);
});

test('names properties that are no identifiers, and lets a property called model win', () => {
  const odd = {
    type: 'object',
    properties: { 'a b': { type: 'string' }, in: { type: 'integer' }, model: { type: 'string' } },
    required: ['in'],
  };
  const columns = plan(undefined, { output: { schema: odd } });
  expect(types(columns)).toEqual({ 'a b': 'text', in: 'bigint', model: 'text' });
  expect(columns.evaluate(item({ in: 1, model: 'mine' }))).toEqual([null, 1, 'mine']);
});

test('has the embedding of an embeddings request', () => {
  const columns = plan(undefined, embeddings);
  expect(columns.plans).toEqual([
    { name: 'embedding', sqlType: 'real[]', expression: 'embedding', isVector: true },
    { name: 'model', sqlType: 'text', expression: 'model', isVector: false },
  ]);
  expect(plan({ v: { value: 'embedding', type: 'vector(3)' } }, embeddings).plans).toEqual([
    { name: 'v', sqlType: 'vector(3)', expression: 'embedding', isVector: true },
  ]);
});

test('gives every variable its type and value', () => {
  const columns = plan(
    {
      a: 'custom_id',
      b: 'key.id',
      c: 'row.subject',
      d: 'text',
      e: 'json',
      f: 'json.nested.deep',
      g: 'usage.input_tokens',
      h: 'model',
      i: 'finish_reason',
      j: 'request_hash',
      k: 'request_id',
      l: 'batch_id',
      m: 'attempt',
      n: 'body',
      o: 'body.a.b',
      p: 'now',
      q: 'size(text)',
      r: 'text == "hello"',
      s: '1.5 * double(attempt)',
      t: 'row.n + 1',
      u: 'text + "!"',
      v: 'json.tags.map(t, t + "x")',
      w: 'timestamp(now) - duration("1h")',
      x: 'usage.output_tokens',
      y: 'usage',
      z: { value: 'json.count', type: 'smallint' },
    },
    structured,
  );
  expect(types(columns)).toEqual({
    a: 'text',
    b: 'bigint',
    c: 'character varying(80)',
    d: 'text',
    e: 'jsonb',
    f: 'text',
    g: 'bigint',
    h: 'text',
    i: 'text',
    j: 'text',
    k: 'text',
    l: 'text',
    m: 'bigint',
    n: 'jsonb',
    o: 'jsonb',
    p: 'timestamptz',
    q: 'bigint',
    r: 'boolean',
    s: 'double precision',
    t: 'text',
    u: 'text',
    v: 'jsonb',
    w: 'timestamptz',
    x: 'bigint',
    y: 'jsonb',
    z: 'smallint',
  });
  const json = { tags: ['t'], count: 1, ok: true, nested: { deep: 'd' } };
  expect(columns.evaluate(item(json, { subject: 'hi', n: 5 }))).toEqual([
    'c1',
    42n,
    'hi',
    'hello',
    json,
    'd',
    7,
    'm-1',
    'stop',
    'ff',
    'req',
    'batch_1',
    2n,
    { a: { b: 1 } },
    1,
    '2026-11-22T10:00:00.000Z',
    5n,
    true,
    3,
    6n,
    'hello!',
    ['tx'],
    '2026-11-22T09:00:00.000Z',
    null,
    { ...noUsage, input_tokens: 7 },
    1,
  ]);
});

test('makes carried values again what they were', () => {
  const columns = plan({
    n: 'row.n',
    ratio: 'row.ratio',
    price: 'row.price',
    meta: 'row.meta',
    sum: 'row.price + row.price',
    half: 'row.n / 2',
  });
  expect(columns.carried).toEqual(['n', 'ratio', 'price', 'meta']);
  const row = { n: 9007199254740993n, ratio: 3, price: '12.50', meta: { a: 1 } };
  expect(columns.evaluate(item(undefined, row))).toEqual([
    9007199254740993n,
    3,
    '12.50',
    { a: 1 },
    25,
    4503599627370496n,
  ]);
  expect(columns.evaluate(item(undefined, { ...row, n: null, ratio: 'NaN', price: 1 }))).toMatchObject({
    code: 'expression_failed',
  });
  const bare = plan({ n: 'row.n', ratio: 'row.ratio', price: 'row.price' });
  expect(bare.evaluate(item(undefined, { n: null, ratio: 'NaN', price: 1 }))).toEqual([null, Number.NaN, 1n]);
});

test('reads a key of JSON as what it is', () => {
  const request = requestBlock.parse({ endpoint: 'chat', model: 'm', prompt: 'p' });
  const configured = { whole: 'key.meta', part: 'key.meta.n' };
  const columns = planColumns({ configured, request, dimensions: null, sourceFields, keyNames: ['meta'] });
  const key = { meta: '{"n": 12345678901234567890}' };
  expect(columns.evaluate({ ...item(undefined), key })).toEqual([
    { n: 12_345_678_901_234_567_890n },
    12_345_678_901_234_567_890n,
  ]);
});

test('carries every field where the row is used whole', () => {
  expect(plan({ all: 'row' }).carried).toEqual(sourceFields.map(({ name }) => name));
});

test('reports a failure with its column, the field and the guard', () => {
  const failure = plan({ x: 'json.tags' }).evaluate(item({}));
  expect(failure).toEqual({
    code: 'expression_failed',
    message:
      'column x: json.tags: json has no "tags"; to allow that, write: has(json.tags) ? json.tags : null',
  });
  expect(plan({ x: 'row.n' }).evaluate(item({}))).toMatchObject({
    message: expect.stringContaining('--new-run'),
  });
});

test.each([
  [{ x: 'row.subjct' }, {}, 'unknown_column', 'Did you mean "subject"?'],
  [{ x: 'key.idd' }, {}, 'unknown_column', 'Did you mean "id"?'],
  [{ x: 'usage.tokens' }, {}, 'unknown_column', expect.stringContaining('input_tokens')],
  [{ x: 'json.tgas' }, structured, 'unknown_column', 'Did you mean "tags"?'],
  [{ x: 'text' }, embeddings, 'invalid_column', undefined],
  [{ x: 'embedding' }, {}, 'invalid_column', undefined],
  [{ x: 'nope' }, {}, 'invalid_expression', expect.stringContaining('custom_id')],
  [{ x: 'json.' }, {}, 'invalid_expression', undefined],
])('refuses %j', (configured, request, code, hint) => {
  const message = expect.stringContaining('sink.columns.x: ') as unknown;
  expect(() => plan(configured, request)).toThrow(
    expect.objectContaining({ code, where: 'sink.columns.x', message, hint }),
  );
});

test('the model is the one that was asked where an answer names none', () => {
  const columns = plan({ model: 'model', loud: 'model + "!"' });
  expect(columns.evaluate(item({}))).toEqual(['m-1', 'm-1!']);
  const answered = item({});
  expect(columns.evaluate({ ...answered, answer: { ...answered.answer, model: null } })).toEqual(['m', 'm!']);
});
