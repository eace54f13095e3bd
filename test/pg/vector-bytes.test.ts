import type { PGlite } from '@electric-sql/pglite';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Value } from '../../src/core/value.ts';
import { columnType, type CatalogType, type ColumnType } from '../../src/pg/column-type.ts';
import { encodeBinary } from '../../src/pg/copy-binary-encoder.ts';
import { CopyBuffer } from '../../src/pg/copy-buffer.ts';
import { encodeText } from '../../src/pg/copy-text-encoder.ts';
import { createPglite } from '../support/pgvector.ts';
import { copyRows } from './copy-fixture.ts';

let database: PGlite;
beforeAll(async () => {
  database = await createPglite();
});
afterAll(() => database.close());

async function typeOf(name: string): Promise<ColumnType> {
  const { rows } = await database.query<CatalogType>(
    `SELECT $1::text AS declared, $1::text AS "castName", t.oid, t.typname::text AS name, -1 AS typmod, NULL AS labels,
       CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END AS "elementOid", e.typname::text AS "elementName", e.typdelim::text AS delimiter
     FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem WHERE t.oid = $1::text::regtype`,
    [name],
  );
  return columnType(rows[0] as CatalogType);
}

type Encoder = 'binary' | 'text';

/** Stores the values by COPY and reads them back as `reading` has it. */
async function store(
  name: string,
  values: readonly Value[],
  { encoder = 'binary', reading = `v::text` }: { readonly encoder?: Encoder; readonly reading?: string } = {},
) {
  const buffer = new CopyBuffer();
  const rows = copyRows([[await typeOf(name), values]]);
  const { refused } = encoder === 'binary' ? encodeBinary(rows, buffer) : encodeText(rows, buffer);
  const blob = new Blob([Uint8Array.from(buffer.bytes.subarray(0, buffer.length))]);
  await database.exec(`CREATE TEMP TABLE stored (n int GENERATED ALWAYS AS IDENTITY, v ${name})`);
  try {
    await database.query(`COPY stored (v) FROM '/dev/blob' WITH (FORMAT ${encoder})`, [], { blob });
    const { rows: read } = await database.query<{ read: string }>(
      `SELECT ${reading} AS read FROM stored ORDER BY n`,
    );
    return { refused, stored: read.map((row) => row.read) };
  } finally {
    await database.exec('DROP TABLE stored');
  }
}

const single = fc.float({ noNaN: true, noDefaultInfinity: true });
const vectors = fc.array(
  fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1, maxLength: 40 }),
  { minLength: 1, maxLength: 20 },
);

test.each(['vector', 'real[]'])('%s comes back bit for bit', async (name) => {
  // Behind the dimensions stand the elements.
  const reading = `encode(substring(vector_send(v::vector) from 5), 'hex')`;
  await fc.assert(
    fc.asyncProperty(vectors, async (rows) => {
      expect((await store(name, rows, { reading })).stored).toEqual(rows.map(bitsOf));
    }),
    { numRuns: 30 },
  );
});

function bitsOf(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, float] of vector.entries()) bytes.writeFloatBE(float, index * 4);
  return bytes.toString('hex');
}

/** Singles as they are, and singles around every half: the ties, the subnormals and the largest. */
const halfCandidates = fc.oneof(
  fc.float({ min: -65_504, max: 65_504, noNaN: true }),
  fc.tuple(fc.integer({ min: 0, max: 0x7bff }), fc.constantFrom(-1, 0, 1), fc.boolean()).map(aroundHalf),
);

/** A half, or the middle between it and the next one, give or take one unit in the last place of a single. */
function aroundHalf([bits, off, isMiddle]: [number, number, boolean]): number {
  const halves = new Float16Array(new Uint16Array([bits, Math.min(bits + 1, 0x7bff)]).buffer);
  const [low = 0, high = 0] = halves;
  const word = new Uint32Array(Float32Array.of(isMiddle ? (low + high) / 2 : low).buffer);
  word[0] = Math.max(0, (word[0] ?? 0) + off);
  return Math.min(new Float32Array(word.buffer)[0] ?? 0, 65_504);
}

test("halfvec is what the server's own cast from vector makes", async () => {
  const rows = fc.array(fc.array(halfCandidates, { minLength: 1, maxLength: 60 }), {
    minLength: 1,
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(rows, async (lists) => {
      const floats = lists.map((list) => Float32Array.from(list));
      const { stored } = await store('halfvec', floats, { reading: `encode(halfvec_send(v), 'hex')` });
      const { stored: cast } = await store('vector', floats, {
        reading: `encode(halfvec_send(v::halfvec), 'hex')`,
      });
      expect(stored).toEqual(cast);
    }),
    { numRuns: 60 },
  );
});

test('every half comes back as itself', async () => {
  const finite = Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits);
  const all = Float32Array.from(new Float16Array(finite.buffer));
  const rows = [all.subarray(0, 16_000), all.subarray(16_000)];
  const { stored } = await store('halfvec', rows, {
    reading: `encode(substring(halfvec_send(v) from 5), 'hex')`,
  });
  expect(stored.join('')).toBe(Buffer.from(finite.buffer).swap16().toString('hex'));
});

test("sparsevec is what the server's own cast from vector makes", async () => {
  const sparse = fc.array(fc.oneof(fc.constantFrom(0, -0), single), { minLength: 1, maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(fc.array(sparse, { minLength: 1, maxLength: 10 }), async (lists) => {
      const floats = lists.map((list) => Float32Array.from(list));
      const reading = `encode(sparsevec_send(v::sparsevec), 'hex')`;
      const { stored } = await store('sparsevec', floats, { reading });
      expect(stored).toEqual((await store('vector', floats, { reading })).stored);
    }),
    { numRuns: 30 },
  );
});

test.each(['vector', 'halfvec', 'sparsevec', 'real[]', 'double precision[]'])(
  'a row that is set apart goes into %s as text, and is the same',
  async (name) => {
    const rows = [Float32Array.of(0.1, 0, -2.5e-7), Float32Array.of(0, 0, 65_504), [1, 2.5, 1e-50]];
    const usual = name === 'real[]' ? rows.slice(0, 2) : rows;
    const { stored } = await store(name, usual);
    expect(stored).toHaveLength(usual.length);
    expect((await store(name, usual, { encoder: 'text' })).stored).toEqual(stored);
  },
);

const faults: readonly (readonly [string, Value, string, string])[] = [
  ['vector', Float32Array.of(1, NaN), 'invalid_value', 'takes finite numbers, and element 2 is NaN'],
  ['halfvec', [-Infinity], 'invalid_value', 'takes finite numbers, and element 1 is -Infinity'],
  ['sparsevec', Float32Array.of(Infinity), 'invalid_value', 'element 1 is Infinity'],
  ['vector', [1e39], 'value_out_of_range', 'cannot hold "1e+39", which is out of range'],
  ['halfvec', Float32Array.of(65_520), 'value_out_of_range', 'cannot hold "65520"'],
  ['vector', new Float32Array(0), 'invalid_value', 'without dimensions'],
  ['vector', new Float32Array(40_000), 'value_out_of_range', 'at most 16000 dimensions'],
  ['sparsevec', new Float32Array(20_000).fill(1), 'value_out_of_range', 'at most 16000 non-zero elements'],
];

test.each(faults)('%s refuses %o, alike in both formats', async (name, value, code, reason) => {
  for (const encoder of ['binary', 'text'] as const) {
    const { refused, stored } = await store(name, [[1], value], { encoder });
    expect(refused.map((row) => [row.row, row.code])).toEqual([[1, code]]);
    expect(refused[0]?.message).toContain(reason);
    expect(stored).toHaveLength(1);
  }
});

test('what rounds to the largest half is none too large', async () => {
  const { stored } = await store('halfvec', [Float32Array.of(65_519.996, -65_519)]);
  expect(stored).toEqual(['[65504,-65504]']);
});
