import { invalid } from './errors.ts';

export interface PageRequest {
  readonly size: number;
  readonly token: string | null;
}

/** @throws ApiError 400 where the size is none */
export function pageOf(query: URLSearchParams, standard: number, most: number): PageRequest {
  const text = query.get('pageSize') ?? query.get('page_size');
  const size = text === null || text === '0' ? standard : Number(text);
  if (!Number.isInteger(size) || size < 1 || size > most)
    throw invalid(`* page_size: must be in the range [0, ${most}].`);
  return { size, token: query.get('pageToken') ?? query.get('page_token') };
}
