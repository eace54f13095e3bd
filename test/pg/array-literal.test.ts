import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseArrayLiteral } from '../../src/pg/array-literal.ts';
import { createDatabase } from '../support/database.ts';

const parse = (literal: string, delimiter = ','): unknown =>
  parseArrayLiteral(literal, delimiter, (text) => text);

test.each([
  ['{}', []],
  ['{1,2}', ['1', '2']],
  ['{NULL,"NULL","",null}', [null, 'NULL', '', 'null']],
  [
    '{{a,b},{c,NULL}}',
    [
      ['a', 'b'],
      ['c', null],
    ],
  ],
  ['[0:1]={7,8}', ['7', '8']],
  ['[1:1][-2:-1]={{a,b}}', [['a', 'b']]],
  [String.raw`{"a \"b\"","c\\d","{e,f}"}`, ['a "b"', String.raw`c\d`, '{e,f}']],
])('%s', (literal, list) => {
  expect(parse(literal)).toEqual(list);
});

test('boxes are parted by semicolons', () => {
  expect(parse('{(1,1),(0,0);(3,3),(2,2)}', ';')).toEqual(['(1,1),(0,0)', '(3,3),(2,2)']);
});

test('a literal that was cut off is an error', () => {
  expect(() => parse('{a,"b')).toThrow(SyntaxError);
});

test('whatever the server prints is read back', async () => {
  await using database = await createDatabase();
  const text = fc.string({ unit: 'grapheme', maxLength: 6 }).map((s) => s.replaceAll('\0', ''));
  const item = fc.option(fc.oneof(text, fc.constantFrom('NULL', '"', '\\', '{', '}', ',', ' ', '\n')), {
    nil: null,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(item), async (list) => {
      const { rows } = await database.client.query<{ literal: string }>(
        'SELECT $1::text[]::text AS literal',
        [list],
      );
      expect(parse(rows[0]?.literal ?? '')).toEqual(list);
    }),
    { numRuns: 200 },
  );
});
