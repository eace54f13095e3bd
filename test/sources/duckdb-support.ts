import type { OpenedSource } from '../../src/core/source.ts';
import { duckdb } from '../../src/sources/duckdb.ts';
import type { SourceFolder } from './source-folder.ts';

export type DuckdbInput = Parameters<typeof duckdb.config.parse>[0];

/** Opens the source with paths that start from the folder. */
export function openDuckdb(
  folder: SourceFolder,
  input: DuckdbInput,
  options: { readonly key?: readonly string[]; readonly where?: string } = {},
): Promise<OpenedSource> {
  const context = { ...folder.context(options.key ?? ['id']), where: options.where };
  return duckdb.open(duckdb.config.parse(input), context);
}
