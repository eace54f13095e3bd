import { asMap, asText } from '../../core/json.ts';

/** A page of a listing as the API sends it; some servers answer with the bare list. */
export interface Page {
  readonly items: readonly unknown[];
  /** Null where the server does not say. */
  readonly hasMore: boolean | null;
}

/** Undefined where the answer is no listing. */
export function pageOf(answer: unknown): Page | undefined {
  const page = asMap(answer);
  const items: unknown = Array.isArray(answer) ? answer : page?.['data'];
  if (!Array.isArray(items)) return undefined;
  const hasMore = page?.['has_more'];
  return { items, hasMore: typeof hasMore === 'boolean' ? hasMore : null };
}

/** Some servers wrap what they list. */
function idOf(item: unknown): string | null {
  const outer = asMap(item);
  return asText(outer?.['id']) ?? asText(asMap(outer?.['job'])?.['id']);
}

/** How many things are asked for at a time. */
export const pageSize = 100;

/**
 * What a listing holds, page after page. What it leaves out would be taken for absent, so that its own word for its end
 * is believed only of a page that is not full: servers say it wrongly, or not at all. One that ignores where to go on
 * sends the same page again: what was seen already is passed over, and a page that brings nothing new is the last.
 *
 * @param fetchPage asks for the page behind an id
 * @param read undefined of what is no such thing
 */
export async function* everything<T>(
  fetchPage: (after: string | undefined) => Promise<Page>,
  read: (item: unknown) => T | undefined,
): AsyncGenerator<T> {
  const seen = new Set<string>();
  for (let after: string | undefined; ;) {
    const { items, hasMore } = await fetchPage(after);
    const fresh = new Map<string, unknown>();
    for (const item of items) {
      const id = idOf(item);
      if (id !== null && !seen.has(id)) fresh.set(id, item);
    }
    for (const [id, item] of fresh) {
      seen.add(id);
      after = id;
      const found = read(item);
      if (found !== undefined) yield found;
    }
    if (fresh.size === 0 || (hasMore === false && items.length < pageSize)) return;
  }
}
