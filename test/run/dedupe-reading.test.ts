import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RowBatch } from '../../src/core/row-batch.ts';
import type { Field } from '../../src/core/value.ts';
import { ValueBatch } from '../../src/core/value-batch.ts';
import { toWire } from '../../src/core/wire-text.ts';
import { anyBytesAtOnce, anyDeath, DyingReader, noDeath, type Reading } from './dying-reader.ts';

const fields: readonly Field[] = [{ name: 'body', kind: 'text', sqlType: 'text' }];

const anyCase = fc.record({
  texts: fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 50 }),
  rowsPerBatch: fc.integer({ min: 1, max: 12 }),
  rowsPerFile: fc.integer({ min: 1, max: 4 }),
  bytesAtOnce: anyBytesAtOnce,
  deaths: fc.array(anyDeath, { maxLength: 5 }),
});

type Case = typeof anyCase extends fc.Arbitrary<infer Given> ? Given : never;

function readingOf({ texts, rowsPerBatch, rowsPerFile, bytesAtOnce }: Case): Reading {
  return {
    fields,
    *batches(after) {
      const first = Number(after ?? 0);
      for (let start = first; start < texts.length; start += rowsPerBatch) {
        const ids = texts.slice(start, start + rowsPerBatch).map((_, index) => start + index + 1);
        yield batchOf(ids, texts, first);
      }
    },
    prompt: '{{ body }}',
    dedupe: true,
    rowsPerFile,
    bytesAtOnce,
  };
}

/** @param before the rows that an earlier read has dealt with */
function batchOf(ids: readonly number[], texts: readonly number[], before: number): RowBatch {
  const rows = ids.map((id) => [`text ${texts[id - 1]}`]);
  const keys = ids.map((id) => [toWire(String(id))]);
  const records = ids.map((id) => id - before);
  const batch = new ValueBatch(fields, rows, keys, records, (row) => `row ${ids[row]}`);
  return Object.assign(batch, { cursor: (row: number) => String(ids[row]) });
}

/** The first row of each text is sent, every other one follows it. */
function model(texts: readonly number[]) {
  const rows = texts.map((text, index) => [String(index + 1), String(texts.indexOf(text) + 1)] as const);
  return {
    sent: rows.filter(([id, leader]) => id === leader).map(([id]) => id),
    following: rows.filter(([id, leader]) => id !== leader),
  };
}

it('sends the first of the rows that ask the same and lets the others follow, wherever reading dies', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async (given) => {
      await using reader = await DyingReader.create(fields);
      for (const death of [...given.deaths, noDeath]) await reader.read(readingOf(given), death);
      expect({ sent: await reader.sent(), following: await reader.following() }).toEqual(model(given.texts));
      const { length } = given.texts;
      expect(await reader.counts()).toMatchObject({
        records: length,
        read: length,
        requested: length,
        pending: length,
      });
    }),
    { numRuns: 40 },
  );
});
