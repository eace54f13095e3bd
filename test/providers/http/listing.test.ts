import { expect, test } from 'vitest';
import { everything, pageOf, type Page } from '../../../src/providers/http/listing.ts';

test('reads listings with and without an envelope', () => {
  expect(pageOf({ data: [{ id: 'b' }], has_more: true })).toEqual({ items: [{ id: 'b' }], hasMore: true });
  expect(pageOf([{ id: 'b' }])).toEqual({ items: [{ id: 'b' }], hasMore: null });
  expect(pageOf({ error: 'x' })).toBeUndefined();
});

/** Serves a list in pages, as odd as a server likes. */
function pages(size: number, all: readonly string[], more: (left: number) => boolean | null) {
  return (after: string | undefined): Promise<Page> => {
    const start = after === undefined ? 0 : all.indexOf(after) + 1;
    const items = all.slice(start, start + size).map((id) => ({ id }));
    return Promise.resolve({ items, hasMore: more(all.length - start - items.length) });
  };
}

const names = Array.from({ length: 250 }, (_, index) => `b${index}`);
const readable = (item: unknown): { id: string } | undefined => {
  const { id } = item as { id: string };
  // Some of a server's batches are none that could be read: here all of the second page.
  return id.startsWith('b1') && id.length === 4 ? undefined : { id };
};

test.each([
  ['says rightly whether there is more', 100, (left: number) => left > 0],
  ['says nothing of it', 100, () => null],
  ['says wrongly that a full page is the last', 100, () => false],
  ['says wrongly that there is always more', 100, () => true],
  ['gives small pages', 7, (left: number) => left > 0],
  ['gives small pages and says nothing', 7, () => null],
])('nothing of a listing is missed where the server %s', async (_what, size, more) => {
  const found = await Array.fromAsync(everything(pages(size, names, more), readable));
  expect(found.map(({ id }) => id)).toEqual(names.filter((id) => readable({ id }) !== undefined));
});

const samePage = (): Promise<Page> => Promise.resolve({ items: [{ id: 'b' }, { id: 'c' }], hasMore: true });

test('a listing that ignores where to go on ends', async () => {
  expect(await Array.fromAsync(everything(samePage, readable))).toHaveLength(2);
});
