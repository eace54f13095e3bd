import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Value } from '../../src/core/value.ts';
import { areVectors, encodeBinary, hasBinaryForm } from '../../src/pg/copy-binary-encoder.ts';
import { CopyBuffer } from '../../src/pg/copy-buffer.ts';
import type { ColumnType } from '../../src/pg/column-type.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { copyInto, copyRows, typeNamed } from './copy-fixture.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

async function store(columns: readonly (readonly [string, readonly Value[]])[]) {
  const { client } = database;
  const typed: [ColumnType, readonly Value[]][] = [];
  for (const [name, values] of columns) typed.push([await typeNamed(client, name), values]);
  const buffer = new CopyBuffer();
  const account = encodeBinary(copyRows(typed), buffer);
  const names = columns.map(
    ([name], index) => `c${index} ${hasBinaryForm(typed[index]?.[0] as ColumnType) ? name : 'text'}`,
  );
  await client.query(`CREATE TEMP TABLE stored (${names.join(', ')})`);
  try {
    await copyInto(client, 'stored FROM STDIN WITH (FORMAT binary)', buffer);
    const texts = columns.map((_, index) => `c${index}::text`);
    const { rows } = await client.query<(string | null)[]>({
      text: `SELECT ${texts.join(', ')} FROM stored`,
      rowMode: 'array',
    });
    return { ...account, stored: rows };
  } finally {
    await client.query('DROP TABLE stored');
  }
}

test('float vectors come back bit for bit', async () => {
  const vectors = fc.array(fc.float32Array({ noNaN: true, maxLength: 40 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(vectors, async (rows) => {
      const { client } = database;
      const buffer = new CopyBuffer();
      encodeBinary(copyRows([[await typeNamed(client, 'real[]'), rows]]), buffer);
      await client.query('CREATE TEMP TABLE vectors (v real[])');
      await copyInto(client, 'vectors FROM STDIN WITH (FORMAT binary)', buffer);
      const { rows: sent } = await client.query<{ bits: string }>(
        `SELECT coalesce(string_agg(encode(float4send(x), 'hex'), '' ORDER BY at), '') AS bits
         FROM (SELECT row_number() OVER () AS row, v FROM vectors) AS numbered
         LEFT JOIN unnest(v) WITH ORDINALITY AS e (x, at) ON true GROUP BY row ORDER BY row`,
      );
      await client.query('DROP TABLE vectors');
      expect(sent.map(({ bits }) => bits)).toEqual(rows.map(bitsOf));
    }),
    { numRuns: 40 },
  );
});

function bitsOf(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, float] of vector.entries()) bytes.writeFloatBE(float, index * 4);
  return bytes.toString('hex');
}

test('a vector that is a view into a larger buffer is read from where it begins', async () => {
  const whole = Float32Array.of(1, 2, 3, 4);
  expect((await store([['real[]', [whole.subarray(1, 3), null]]])).stored).toEqual([['{2,3}'], [null]]);
});

test('every scalar with a binary form, and text for the others', async () => {
  const { stored } = await store([
    ['smallint', [-5n, null]],
    ['integer', ['2147483647', -1]],
    ['bigint', [-9_223_372_036_854_775_808n, '7.0']],
    ['text', ['ü\t\0', '']],
    ['jsonb', [{ a: ['\0'] }, 'x']],
    ['json', [[1n], null]],
    ['uuid', ['{A0EEBC99-9C0B4EF8-BB6D6BB9-BD380A11}', null]],
    ['double precision[]', [[0.1, NaN], Float32Array.of(0.5)]],
    ['timestamptz', ['2025-01-01T00:00:00Z', null]],
    ['boolean', [true, false]],
  ]);
  expect(stored).toEqual([
    [
      '-5',
      '2147483647',
      '-9223372036854775808',
      'ü\t\uFFFD',
      '{"a": ["\uFFFD"]}',
      '[1]',
      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      '{0.1,NaN}',
      '2025-01-01T00:00:00Z',
      'true',
    ],
    [null, '-1', '7', '', '"x"', null, null, '{0.5}', null, 'false'],
  ]);
});

test('a refused row leaves nothing behind', async () => {
  const { stored, refused, cleaned } = await store([
    ['text', ['a', 'b\0', 'c\0']],
    ['real[]', [[1], [1e300], [2]]],
  ]);
  expect(stored).toEqual([
    ['a', '{1}'],
    ['c\uFFFD', '{2}'],
  ]);
  expect(refused.map(({ row, code }) => [row, code])).toEqual([[1, 'value_out_of_range']]);
  expect(cleaned).toBe(1);
});

test('only flat vectors are for the binary format', () => {
  expect(areVectors([null, Float32Array.of(1), [1, 2]])).toBe(true);
  expect(areVectors([[[1]]])).toBe(false);
  expect(areVectors([[1n]])).toBe(false);
  expect(areVectors(['{1}'])).toBe(false);
});

/** As pgvector's `vector_recv` reads it: dimensions and an unused word of two bytes each, then the floats. */
test("pgvector's vector is its dimensions and its floats", () => {
  const type: ColumnType = {
    declared: 'vector(2)',
    castName: 'public.vector',
    kind: 'vector',
    element: null,
    limit: 2,
    labels: null,
  };
  const buffer = new CopyBuffer();
  const { refused } = encodeBinary(copyRows([[type, [Float32Array.of(1, -2), [1, 2, 3]]]]), buffer);
  const row = buffer.bytes.subarray(19, buffer.length - 2).toString('hex');
  expect(row).toBe(['0001', '0000000c', '0002', '0000', '3f800000', 'c0000000'].join(''));
  expect(refused[0]?.message).toBe('column "c0" (vector(2)) takes 2 dimensions and the vector has 3');
});
