import { expect, test } from 'vitest';
import { assert, constantFrom, property } from 'fast-check';
import { checkExpression, compileExpression } from '../../src/expr/cel.ts';
import { BatchlineError } from '../../src/core/errors.ts';

const context = {
  json: { tags: ['a', 'b'], n: 2, none: null, deep: { x: 'y' }, 'odd key': 1, mixed: [1, null] },
  row: {
    price: '12.50',
    tax: '2.25',
    n: 2n,
    f: 1.5,
    none: null,
    big: 9007199254740993n,
    date: '2026-01-02T00:00:00Z',
  },
  text: 'hé',
  usage: { input_tokens: 3, output_tokens: null },
  embedding: new Float32Array([1, 2]),
  now: '2026-01-01T12:00:00.000Z',
};
const names = Object.keys(context);

function evaluate(text: string, numericTexts: readonly string[] = []) {
  return compileExpression(text, names, { numericTexts: new Set(numericTexts) }).evaluate(context);
}

const compile = (text: string) => () => compileExpression(text, names);

function failureIn(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}

function failureOf(text: string): BatchlineError {
  const failure = failureIn(() => evaluate(text));
  if (!(failure instanceof BatchlineError)) throw new Error(`${text} did not fail`, { cause: failure });
  return failure;
}

test.each([
  ['json.tags', ['a', 'b']],
  ['json.deep.x', 'y'],
  ['json["odd key"]', 1],
  ['json.none', null],
  ['usage.output_tokens', null],
  ['row.big', 9007199254740993n],
  ['embedding', new Float32Array([1, 2])],
])('reads the path %s', (text, value) => {
  expect(compileExpression(text, names).barePath).toBeDefined();
  expect(evaluate(text)).toEqual(value);
});

test.each([
  ['row.n + 1', 3n],
  ['row.n + 1.5', 3.5],
  ['1.5 * row.n', 3],
  ['json.n + 1', 3],
  ['json.n % 2', 0],
  ['row.n == 2.0 && json.n == 2 && row.n in [2.0]', true],
  ['row.n < 2.5 && 1.5 <= row.n', true],
  ['row.big + 0', 9007199254740993n],
])('mixes whole and fractional numbers: %s', (text, value) => {
  expect(evaluate(text)).toBe(value);
});

test('takes the text of a number for its value in arithmetic', () => {
  expect(evaluate('row.price * 2')).toBe(25);
  expect(evaluate('row.price - row.tax')).toBe(10.25);
  expect(evaluate('row.price > 3')).toBe(true);
  expect(evaluate('row.price')).toBe('12.50');
});

test('adds and orders two numeric fields by value where it is told that they are numeric', () => {
  const numeric = ['row.price', 'row.tax'];
  expect(evaluate('row.price + row.tax', numeric)).toBe(14.75);
  expect(evaluate('row.price > row.tax', numeric)).toBe(true);
  expect(evaluate('row.price + row.tax')).toBe('12.502.25');
  expect(evaluate('[row.price].size() + 1', numeric)).toBe(2n);
});

test('calculates with times that are text', () => {
  expect(evaluate('now - duration("90m")')).toBe('2026-01-01T10:30:00.000Z');
  expect(evaluate('timestamp(row.date) > now')).toBe(true);
  expect(failureOf('text + duration("1h")').message).toContain('is not a time');
});

test('lets the branches of a condition differ in type', () => {
  expect(evaluate('size(text) == 2 ? "two" : null')).toBe('two');
  expect(evaluate('false ? "x" : (true ? 1 : [1])')).toBe(1n);
});

test('hands lists, maps, bytes and durations over as values', () => {
  expect(evaluate('{"a": [json.n, row.n], "b": timestamp(now)}')).toEqual({
    a: [2, 2n],
    b: '2026-01-01T12:00:00.000Z',
  });
  expect(evaluate('b"abc"')).toBe('YWJj');
  expect(evaluate('duration("90m")')).toBe('5400s');
  expect(evaluate('1u')).toBe(1n);
  expect(evaluate('json.?missing')).toBe(null);
  expect(evaluate('size(embedding)')).toBe(2n);
});

test('names the expression, the field and the guard when a key is missing', () => {
  expect(failureOf('json.score')).toMatchObject({
    code: 'expression_failed',
    message: 'json.score: json has no "score"; to allow that, write: has(json.score) ? json.score : null',
  });
  expect(failureOf('json.deep.q + 1').message).toContain('has(json.deep.q) ? json.deep.q + 1 : null');
  expect(failureOf('json.tags[5]').message).toContain('size(json.tags) > 5 ? json.tags[5] : null');
  expect(failureOf('json["no such"]').message).toContain('"no such" in json ? json["no such"] : null');
});

test.each(['row.none > 1', 'size(row.none)', 'json.none.x', 'true && row.none', 'json.none.x + 1'])(
  'tells a failure on null apart: %s',
  (text) => {
    const failure = failureOf(text);
    expect(failure.code).toBe('expression_on_null');
    expect(failure.message).toContain(' is null; to allow that, write: ');
  },
);

test('advises guards that work', () => {
  for (const text of [
    'json.score',
    'json.a.b.c',
    'json.none.x',
    'size(row.none)',
    'json.tags[5]',
    'json["x y"]',
  ]) {
    const guard = failureOf(text).message.split('write: ')[1] ?? '';
    expect(evaluate(guard)).toBe(null);
  }
  const nested = failureOf('json.n == 2 ? json.q : 1').message.split('write: ')[1] ?? '';
  expect(evaluate(nested)).toBe(null);
});

test('refuses unknown variables and types that never fit', () => {
  expect(compile('rwo.n')).toThrow(
    expect.objectContaining({ code: 'invalid_expression', message: 'rwo.n: Unknown variable: rwo' }),
  );
  expect(compile('1 + true')).toThrow(expect.objectContaining({ code: 'invalid_expression' }));
  expect(compile('1 +')).toThrow(expect.objectContaining({ code: 'invalid_expression' }));
});

test('takes fields of any name, also those of CEL itself', () => {
  const fields = [
    'type',
    'type_',
    'int',
    'cel',
    'string',
    'Order ID',
    'größe',
    'in',
    '__proto__',
    '',
    'type',
  ];
  const row = { type: 'bug', type_: 'x', int: 3n, cel: null, string: 'a' };
  const compileRow = (text: string) => compileExpression(text, fields);
  expect(
    compileRow('type == "bug" && type_ == "x" && int + 1 == 4 && type(int) == type(int)').evaluate(row),
  ).toBe(true);
  expect(compileRow('string + string(int)').evaluate(row)).toBe('a3');
  expect(compileRow('type').evaluate(row)).toBe('bug');
  expect(compileRow('type + type.x').paths).toEqual([['type'], ['type', 'x']]);
  expect(() => compileRow('size(cel) > 1').evaluate(row)).toThrow(
    'size(cel) > 1: cel is null; to allow that, write: cel != null',
  );
  expect(() => compileRow('int.x + 1').evaluate(row)).toThrow('int.x + 1: int has no "x"');
});

test('lists what an expression reads', () => {
  const { paths, variables } = compileExpression('json.tags.map(t, t + row.a) + [row["b"], key.id, text]', [
    ...names,
    'key',
  ]);
  expect(paths).toEqual([['json', 'tags'], ['row', 'a'], ['row', 'b'], ['key', 'id'], ['text']]);
  expect([...variables]).toEqual(['json', 'row', 'key', 'text']);
  expect(compileExpression('has(row.x) && size(row) > 1', names).paths).toEqual([['row', 'x'], ['row']]);
});

test.each([
  ['size(text)', 'int'],
  ['text == "x"', 'bool'],
  ['string(json.n)', 'string'],
  ['1.0 + 1', 'double'],
  ['json.n', 'dyn'],
])('infers the type of %s', (text, type) => {
  expect(compileExpression(text, names).inferredType).toBe(type);
});

test('checks syntax alone, with the column of the fault', () => {
  expect(checkExpression('anything.at.all + 1')).toEqual([]);
  expect(checkExpression('json.x +')).toEqual([{ message: 'the expression ends too early', column: 9 }]);
  expect(checkExpression('a b')).toEqual([expect.objectContaining({ column: 3 })]);
});

test('never fails with anything but its own errors', () => {
  const operand = constantFrom(
    'json.n',
    'json.q',
    'row.none',
    'row.price',
    'text',
    '1',
    '1.5',
    '"x"',
    'null',
    'embedding',
    'now',
  );
  const operator = constantFrom('+', '-', '*', '/', '%', '<', '==', '&&', 'in');
  assert(
    property(operand, operator, operand, (left, sign, right) => {
      const failure = failureIn(() => evaluate(`${left} ${sign} ${right}`, ['row.price']));
      expect(failure === undefined || failure instanceof BatchlineError).toBe(true);
    }),
  );
});
