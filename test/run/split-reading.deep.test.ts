import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { customId, keyText } from '../../src/core/key.ts';
import type { RowBatch } from '../../src/core/row-batch.ts';
import type { OpenedTransform, TransformContext } from '../../src/core/transform.ts';
import type { Field, Value } from '../../src/core/value.ts';
import { ValueBatch } from '../../src/core/value-batch.ts';
import { toWire } from '../../src/core/wire-text.ts';
import type { UnsentRecord } from '../../src/read/read-progress.ts';
import type { UnchangedFilter } from '../../src/read/unchanged.ts';
import { filter } from '../../src/transforms/filter.ts';
import { split } from '../../src/transforms/split.ts';
import { anyBytesAtOnce, anyDeath, DyingReader, noDeath, type Reading } from './dying-reader.ts';

const fields: readonly Field[] = [
  { name: 'gate', kind: 'text', sqlType: 'text' },
  { name: 'body', kind: 'text', sqlType: 'text' },
];
const keyNames = ['id', 'chunk_index'];
const context: TransformContext = { keyParts: 1, encoding: 'o200k_base', baseDir: '.' };
const prompt = '{% unless body contains "empty" or body contains "remembered" %}{{ body }}{% endunless %}';

/** What is to become of a piece; a `remembered` one fails as it did in an earlier run. */
const anyPiece = fc.record({
  fate: fc.constantFrom('sent', 'sent', 'sent', 'dropped', 'empty', 'remembered', 'unchanged'),
  text: fc.nat({ max: 20 }),
});
const anyPieces = fc.array(anyPiece, { minLength: 1, maxLength: 7 });
/** A record that a filter takes out, or that fails there, is never split; a `bad` one never reaches a batch. */
const anyRecord = fc.record({
  gate: fc.constantFrom('1', '1', '1', '1', '0', 'x', 'bad'),
  pieces: anyPieces,
  edited: anyPieces,
});
const anyCase = fc.record({
  records: fc.array(anyRecord, { minLength: 1, maxLength: 14 }),
  dedupe: fc.boolean(),
  rowsPerBatch: fc.integer({ min: 1, max: 6 }),
  rowsPerFile: fc.integer({ min: 1, max: 5 }),
  bytesAtOnce: anyBytesAtOnce,
  deaths: fc.array(anyDeath, { maxLength: 4 }),
});

type Piece = typeof anyPiece extends fc.Arbitrary<infer Value> ? Value : never;
type Case = typeof anyCase extends fc.Arbitrary<infer Value> ? Value : never;
interface SplitRecord {
  readonly gate: string;
  readonly pieces: readonly Piece[];
}
type Records = readonly SplitRecord[];

/** An item that is read, in the order of reading. */
interface Item {
  readonly id: string;
  readonly record: number;
  readonly fate: Piece['fate'] | 'filtered' | 'failed';
  readonly text: number;
}

function allSent(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.map((piece) => ({ ...piece, fate: 'sent' as const }));
}

function distinct(count: number): readonly Piece[] {
  return Array.from({ length: count }, (_, text) => ({ fate: 'sent', text }));
}

/** Fifteen tokens, so that no two of them fit into one piece. */
function sentence({ fate, text }: Piece): string {
  return `The ${fate} old grey cat sleeps on the warm stone of ${text}. `;
}

const idOf = (record: number, piece: number): string =>
  customId(keyText([String(record), String(piece)].map(toWire)), 'auto');

function itemsOf(records: Records): readonly Item[] {
  return records.flatMap(({ gate, pieces }, index): Item[] => {
    const record = index + 1;
    if (gate === 'bad') return [];
    if (gate !== '1') {
      return [{ id: String(record), record, fate: gate === '0' ? 'filtered' : 'failed', text: 0 }];
    }
    return pieces.map((piece, at) => ({ ...piece, id: idOf(record, at), record }));
  });
}

/** What the first `count` items come to. */
function model(items: readonly Item[], count: number, dedupe: boolean) {
  const read = items.slice(0, count);
  const having = (...fates: readonly Item['fate'][]) => read.filter(({ fate }) => fates.includes(fate));
  const asking = having('sent');
  const leader = ({ text }: Item): string => asking.find((other) => other.text === text)?.id ?? '';
  const follows = (item: Item): boolean => dedupe && leader(item) !== item.id;
  const failures = having('failed', 'empty');
  return {
    sent: asking.filter((item) => !follows(item)).map(({ id }) => id),
    following: asking.filter(follows).map((item) => [item.id, leader(item)]),
    failed: failures.map(({ id }) => id).sort(),
    counts: {
      read: read.length,
      filtered: having('filtered', 'dropped').length,
      skipped: having('unchanged', 'remembered').length,
      requested: asking.length + failures.length,
    },
  };
}

/** Records that are split and whose first piece is not sent, with the number of their pieces. */
function unsent(records: Records): ReadonlyMap<string, number> {
  const unsentOnes = records.flatMap(({ gate, pieces }, index) =>
    gate === '1' && pieces[0]?.fate !== 'sent' ? [[String(index + 1), pieces.length] as const] : [],
  );
  return new Map(unsentOnes);
}

async function found(reader: DyingReader) {
  const { read, filtered, skipped, requested } = await reader.counts();
  return {
    sent: await reader.sent(),
    following: await reader.following(),
    failed: (await reader.failures()).map((row) => row.customId).sort(),
    counts: { read, filtered, skipped, requested },
  };
}

async function transformsOf(): Promise<readonly OpenedTransform[]> {
  const gate = await filter.open({ where: 'int(gate) > 0' }, fields, context);
  const pieces = await split.open({ field: 'body', max_tokens: 20, overlap_tokens: 0 }, fields, context);
  const drop = await filter.open({ where: "!body.contains('dropped')" }, pieces.fields, context);
  return [gate, pieces, drop];
}

function readingOf(
  { dedupe, rowsPerBatch, rowsPerFile, bytesAtOnce }: Omit<Case, 'records' | 'deaths'>,
  records: Records,
  transforms: readonly OpenedTransform[],
  told: (record: UnsentRecord) => void,
): Reading {
  return {
    fields,
    batches: (after) => batchesOf(records, rowsPerBatch, Number(after ?? 0)),
    transforms,
    rendered: transforms.at(-1)?.fields ?? [],
    keyNames,
    prompt,
    dedupe,
    unchanged: unchangedOf(records),
    stale: {
      delete: async (found) => {
        for (const record of found) told(record);
      },
      finish: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    rowsPerFile,
    bytesAtOnce,
  };
}

/** @param first the record after which reading goes on; the source counts from there */
function* batchesOf(records: Records, rowsPerBatch: number, first: number): Generator<RowBatch> {
  const rows = records.map((record, index) => ({ ...record, id: index + 1 })).slice(first);
  const good = rows.filter(({ gate }) => gate !== 'bad');
  for (let start = 0; start < good.length; start += rowsPerBatch) {
    const part = good.slice(start, start + rowsPerBatch);
    const values = part.map(({ gate, pieces }): Value[] => [gate, pieces.map(sentence).join('')]);
    const keys = part.map(({ id }) => [toWire(String(id))]);
    const numbers = part.map(({ id }) => id - first);
    const batch = new ValueBatch(fields, values, keys, numbers, (row) => `row ${part[row]?.id}`);
    yield Object.assign(batch, { cursor: (row: number) => String(part[row]?.id) });
  }
}

function unchangedOf(records: Records): UnchangedFilter {
  const items = itemsOf(records);
  const having = (wanted: Item['fate']): ReadonlySet<string> =>
    new Set(items.flatMap(({ id, fate }) => (fate === wanted ? [id] : [])));
  const unchanged = having('unchanged');
  const remembered = having('remembered');
  return {
    skips: async ({ customIds }) => Uint8Array.from(customIds, (id) => (unchanged.has(id) ? 1 : 0)),
    knownFailures: async (failures) =>
      new Set(failures.map((failure) => failure.customId).filter((id) => remembered.has(id))),
  };
}

it('makes every piece durable once, in order, wherever files end and reading dies', async () => {
  const transforms = await transformsOf();
  await fc.assert(
    fc.asyncProperty(anyCase, async (given) => {
      const items = itemsOf(given.records);
      const stale = new Map<string, number>();
      const reading = readingOf(given, given.records, transforms, ({ key, count }) =>
        stale.set(key.join(), count),
      );
      await using reader = await DyingReader.create(fields);
      for (const death of given.deaths) {
        await reader.read(reading, death);
        // Only this is left to a crash: the first so many items, whatever they are.
        expect(await found(reader)).toEqual(model(items, (await reader.run()).read, given.dedupe));
      }
      await reader.read(reading, noDeath);
      expect(await found(reader)).toEqual(model(items, items.length, given.dedupe));
      expect(stale).toEqual(unsent(given.records));
      const { records, partlyRead } = await reader.run();
      expect({ records, partlyRead }).toEqual({ records: items.at(-1)?.record ?? 0, partlyRead: [] });
    }),
    { numRuns: 30 },
  );
});

it('sends no piece twice and leaves no gap, where records are edited before they are read on', async () => {
  const transforms = await transformsOf();
  await fc.assert(
    fc.asyncProperty(anyCase, fc.nat({ max: 1 }), async (given, editedAfter) => {
      const versions = [
        given.records.map((record) => ({ ...record, pieces: allSent(record.pieces) })),
        given.records.map((record) => ({ ...record, pieces: allSent(record.edited) })),
      ];
      await using reader = await DyingReader.create(fields);
      for (const [index, death] of [...given.deaths, noDeath].entries()) {
        const records = versions[index > editedAfter ? 1 : 0] ?? [];
        await reader.read(
          readingOf({ ...given, dedupe: false }, records, transforms, () => {}),
          death,
        );
      }
      const sent = new Set(await reader.sent());
      expect(await reader.sent()).toHaveLength(sent.size);
      for (const [index, { gate, pieces, edited }] of given.records.entries()) {
        const numbers = [0, 1, 2, 3, 4, 5, 6].filter((piece) => sent.has(idOf(index + 1, piece)));
        expect(numbers).toEqual(numbers.map((_, at) => at));
        const widths = gate === '1' ? [pieces.length, edited.length] : [0];
        // Of a record that was cut in two, the old pieces and as many of the new as fill up its old number.
        const least = Math.min(...widths);
        expect(numbers.length).toBeGreaterThanOrEqual(least);
        expect(numbers.length).toBeLessThanOrEqual(Math.max(...widths));
      }
      const { read, filtered, requested } = await reader.counts();
      expect(read).toBe(filtered + requested);
      expect(requested).toBe(sent.size + (await reader.failures()).length);
    }),
    { numRuns: 30 },
  );
});

it.each([
  { before: 5, after: 3 },
  { before: 3, after: 5 },
])(
  'warns of a record that had $before pieces, and has $after when it is read on',
  async ({ before, after }) => {
    const transforms = await transformsOf();
    const given = { dedupe: false, rowsPerBatch: 1, rowsPerFile: 2, bytesAtOnce: Infinity };
    await using reader = await DyingReader.create(fields);
    for (const [count, death] of [
      [before, { batches: 1, files: 1 }],
      [after, noDeath],
    ] as const) {
      const records = [{ gate: '1', pieces: distinct(count) }];
      await reader.read(
        readingOf(given, records, transforms, () => {}),
        death,
      );
    }
    expect(await reader.sent()).toEqual([0, 1, 2].map((piece) => idOf(1, piece)));
    expect(reader.warnings).toEqual([
      expect.stringContaining('The row 1 was edited when its first 2 pieces'),
    ]);
  },
);
