import type { ServerManners } from '../faults/server-manners.ts';
import { badRequest } from '../http/api-error.ts';

/** @throws ApiError 400 where the limit is no integer from 1 to `most` */
export function pageLimit(query: URLSearchParams, standard: number, most: number): number {
  const text = query.get('limit');
  if (text === null) return standard;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw badRequest(`Invalid 'limit': expected an integer from 1 to ${most}.`, 'limit', 'invalid_value');
  }
  return limit;
}

/** Without its envelope, where the server's lists have none. */
export function bareList(manners: ServerManners | null, page: ReturnType<typeof showPage>): unknown {
  return manners?.bare_lists === true ? page.data : page;
}

/** One page of a listing. @param found the page's entries and, where there are more, one beyond */
export function showPage<T extends { readonly id: string }>(
  found: readonly T[],
  limit: number,
  show: (entry: T) => unknown,
) {
  const entries = found.slice(0, limit);
  return {
    object: 'list',
    data: entries.map(show),
    first_id: entries[0]?.id ?? null,
    last_id: entries.at(-1)?.id ?? null,
    has_more: found.length > limit,
  };
}
