import { asMap } from '../../core/json.ts';

/** A page of a listing as the API sends it; some servers answer with the bare list. */
export interface Page {
  readonly items: readonly unknown[];
  readonly hasMore: boolean;
}

/** Undefined where the answer is no listing. */
export function pageOf(answer: unknown): Page | undefined {
  const page = asMap(answer);
  const items: unknown = Array.isArray(answer) ? answer : page?.['data'];
  return Array.isArray(items) ? { items, hasMore: page?.['has_more'] === true } : undefined;
}

/**
 * What a listing holds, page after page. A server that ignores where to go on sends the same page again: what was seen
 * already is passed over, and a page that brings nothing new is the last.
 *
 * @param fetchPage asks for the page behind an id
 * @param read undefined of what is no such thing
 */
export async function* everything<T extends { readonly id: string }>(
  fetchPage: (after: string | undefined) => Promise<Page>,
  read: (item: unknown) => T | undefined,
): AsyncGenerator<T> {
  const seen = new Set<string>();
  for (let after: string | undefined; ;) {
    const { items, hasMore } = await fetchPage(after);
    const found = items.map(read).filter((item) => item !== undefined);
    const fresh = found.filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    yield* fresh;
    after = fresh.at(-1)?.id;
    if (!hasMore || after === undefined) return;
  }
}
