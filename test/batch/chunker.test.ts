import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkFiles } from '../../src/batch/chunk-files.ts';
import { Chunker, type SealedChunk } from '../../src/batch/chunker.ts';
import type { ChunkLimits } from '../../src/core/chunk-limits.ts';
import type { NewChunk } from '../../src/ledger/ledger.ts';
import { itemBatch, rowsLine, type TestItem } from './items.ts';
import { temporaryFolder } from './temporary-folder.ts';

const anyItem = fc.record({
  line: fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !text.includes('\n')),
  tokens: fc.integer({ min: 0, max: 9 }),
});
/** Batches of items; each item may be left out, as one that is not to be sent is. */
const anyBatches = fc.array(fc.array(fc.tuple(anyItem, fc.boolean()), { maxLength: 12 }), { maxLength: 6 });
const anyLimits = fc.record({
  requests: fc.integer({ min: 1, max: 9 }),
  bytes: fc.integer({ min: 1, max: 160 }),
  tokens: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(Infinity)),
});

/** Packs the way reading does, run by run of kept items, and notes what each sealed file was said to end with. */
async function packAll(folder: string, limits: ChunkLimits, batches: readonly (readonly Kept[])[]) {
  const sealed: { readonly chunk: NewChunk; readonly last: string | null }[] = [];
  await using chunker = new Chunker(folder, limits, 4);
  for (const batch of batches) {
    const items = itemBatch(batch.map((kept) => kept.item));
    const note = ({ chunk, lastItem }: SealedChunk) =>
      sealed.push({ chunk, last: lastItem < 0 ? null : (items.customIds[lastItem] ?? null) });
    for (const [from, to] of runs(batch)) {
      for await (const file of chunker.add(items, from, to)) note(file);
    }
  }
  const rest = await chunker.seal();
  if (rest !== null) sealed.push({ chunk: rest, last: null });
  return sealed;
}

interface Kept {
  readonly item: TestItem;
  readonly isSent: boolean;
}

function* runs(batch: readonly Kept[]): Generator<readonly [number, number]> {
  let from = 0;
  for (let index = 0; index <= batch.length; index += 1) {
    if (batch[index]?.isSent === true) continue;
    if (index > from) yield [from, index];
    from = index + 1;
  }
}

function numbered(batches: readonly (readonly (readonly [Omit<TestItem, 'id'>, boolean])[])[]) {
  let count = 0;
  return batches.map((batch) =>
    batch.map(([item, isSent]) => ({ item: { ...item, id: `id-${(count += 1)}` }, isSent })),
  );
}

/** The files that the items should come in: each is closed by the first item that would pass a limit. */
function model(items: readonly TestItem[], limits: ChunkLimits): readonly (readonly TestItem[])[] {
  const files: TestItem[][] = [];
  for (const item of items) {
    const file = files.at(-1);
    const grown = file === undefined ? null : [...file, item];
    if (grown === null || !fits(grown, limits)) files.push([item]);
    else file?.push(item);
  }
  return files;
}

function fits(items: readonly TestItem[], limits: ChunkLimits): boolean {
  return (
    items.length <= limits.requests && bytesOf(items) <= limits.bytes && tokensOf(items) <= limits.tokens
  );
}

function bytesOf(items: readonly TestItem[]): number {
  return items.reduce((sum, { line }) => sum + Buffer.byteLength(line) + 1, 0);
}

function tokensOf(items: readonly TestItem[]): number {
  return items.reduce((sum, { tokens }) => sum + tokens, 0);
}

describe('the chunker', () => {
  it('fills each file up to the first limit, losing and reordering nothing', async () => {
    await fc.assert(
      fc.asyncProperty(anyBatches, anyLimits, async (raw, limits) => {
        await using folder = await temporaryFolder();
        const batches = numbered(raw);
        const sent = batches.flat().flatMap(({ item, isSent }) => (isSent ? [item] : []));
        const expected = model(sent, limits);
        const sealed = await packAll(folder.path, limits, batches);
        expect(sealed.map(({ chunk }) => chunk.chunk)).toEqual(expected.map((_, index) => index + 4));
        for (const [index, items] of expected.entries()) {
          const chunk = sealed[index]?.chunk;
          const files = chunkFiles(folder.path, index + 4);
          const requests = await readFile(files.requests);
          expect(requests.toString()).toBe(items.map(({ line }) => `${line}\n`).join(''));
          expect(await readFile(files.rows, 'utf8')).toBe(
            items.map((item) => `${rowsLine(item)}\n`).join(''),
          );
          expect(chunk).toEqual({
            chunk: index + 4,
            requests: items.length,
            bytes: requests.length,
            tokens: tokensOf(items),
            sha256: createHash('sha256').update(requests).digest('hex'),
          });
        }
        expect((await readdir(folder.path)).length).toBe(expected.length * 2);
      }),
      { numRuns: 60 },
    );
  });

  it('tells where in the batch a sealed file ends, so that reading can go on from there', async () => {
    await fc.assert(
      fc.asyncProperty(anyBatches, anyLimits, async (raw, limits) => {
        await using folder = await temporaryFolder();
        const batches = numbered(raw);
        const files = model(
          batches.flat().flatMap(({ item, isSent }) => (isSent ? [item] : [])),
          limits,
        );
        const sealed = await packAll(folder.path, limits, batches);
        const order = new Map(batches.flat().map(({ item }, index) => [item.id, index]));
        for (const [index, { last }] of sealed.slice(0, -1).entries()) {
          if (last === null) continue;
          // Everything up to it stands in this file or an earlier one, or is not sent; nothing after it does.
          const lastSent = order.get(files[index]?.at(-1)?.id ?? '') ?? -1;
          const nextSent = order.get(files[index + 1]?.[0]?.id ?? '') ?? Infinity;
          const said = order.get(last) ?? -1;
          expect(said).toBeGreaterThanOrEqual(lastSent);
          expect(said).toBeLessThan(nextSent);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('writes files that only their owner can read', async () => {
    await using folder = await temporaryFolder();
    await packAll(folder.path, { requests: 5, bytes: 100, tokens: Infinity }, [
      [{ item: { id: 'a', line: 'a', tokens: 1 }, isSent: true }],
    ]);
    const files = chunkFiles(folder.path, 4);
    for (const path of [files.requests, files.rows]) expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind of a file that was given up', async () => {
    await using folder = await temporaryFolder();
    {
      await using chunker = new Chunker(folder.path, { requests: 5, bytes: 100, tokens: Infinity }, 1);
      await Array.fromAsync(chunker.add(itemBatch([{ id: 'a', line: 'a', tokens: 1 }])));
      expect(await readdir(folder.path)).toEqual([
        'requests-00001.jsonl.partial',
        'rows-00001.jsonl.partial',
      ]);
    }
    expect(await readdir(folder.path)).toEqual([]);
  });
});
