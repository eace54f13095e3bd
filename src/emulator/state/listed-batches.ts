import { isListed, type BatchRecord } from './batch-record.ts';
import type { BatchPage, BatchStore } from './batch-store.ts';

/** As the store lists, but for batches that are not to be seen yet. @param now milliseconds since 1970 */
export function listedBatches(
  store: BatchStore,
  page: BatchPage,
  now: number,
): readonly BatchRecord[] | undefined {
  const found = store.list(page);
  const isBackwards = (page.before ?? null) !== null;
  const last = found?.at(isBackwards ? 0 : -1);
  const listed = found?.filter((batch) => isListed(batch, now));
  if (found === undefined || listed === undefined || last === undefined) return found;
  if (found.length < page.limit || listed.length === found.length) return listed;
  const rest = { ...page, [isBackwards ? 'before' : 'after']: last.id, limit: page.limit - listed.length };
  const more = listedBatches(store, rest, now) ?? [];
  return isBackwards ? [...more, ...listed] : [...listed, ...more];
}
