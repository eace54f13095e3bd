import { resultIds } from './batch-form.ts';

/** How the ids of uploaded files begin. Their names have `files/` in its place, as those of result files do. */
export const fileIds = 'gfile-';

/** The longest that the call for a file takes: names of result files are longer. */
export const longestName = 40;

/** @param name what follows `files/` */
export function fileIdOf(name: string): string {
  return `${name.startsWith('batch-') ? resultIds : fileIds}${name}`;
}

export function fileNameOf(id: string): string {
  return `files/${id.slice((id.startsWith(resultIds) ? resultIds : fileIds).length)}`;
}
