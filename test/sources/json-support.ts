import type { z } from 'zod';
import type { OpenedSource } from '../../src/core/source.ts';
import { json } from '../../src/sources/json.ts';
import { jsonl } from '../../src/sources/jsonl.ts';
import { readRows, SourceFolder, type ReadRow } from './source-folder.ts';

export type JsonInput = Partial<z.input<typeof json.config>>;
export type JsonlInput = Partial<z.input<typeof jsonl.config>>;

export function openJson(
  folder: SourceFolder,
  path: string,
  config: JsonInput = {},
  key: readonly string[] = ['id'],
  where?: string,
): Promise<OpenedSource> {
  return json.open(json.config.parse({ path, ...config }), { ...folder.context(key), where });
}

export function openJsonl(
  folder: SourceFolder,
  path: string,
  config: JsonlInput = {},
  key: readonly string[] = ['id'],
  where?: string,
): Promise<OpenedSource> {
  return jsonl.open(jsonl.config.parse({ path, ...config }), { ...folder.context(key), where });
}

/** How the same records are written and read in each format. */
export interface Format {
  readonly name: 'json' | 'jsonl';
  write(records: readonly string[]): string;
  open: typeof openJsonl;
}

export const formats: readonly Format[] = [
  { name: 'jsonl', write: (records) => records.map((record) => `${record}\n`).join(''), open: openJsonl },
  { name: 'json', write: (records) => `[\n${records.join(',\n')}\n]\n`, open: openJson },
];

/** The rows of one file in this format. */
export async function readFile(
  format: Format,
  records: readonly string[],
  fields: readonly string[],
  config: JsonlInput = {},
  key: readonly string[] = ['id'],
): Promise<readonly ReadRow[]> {
  await using folder = await SourceFolder.create({ data: format.write(records) });
  await using source = await format.open(folder, 'data', config, key);
  return await readRows(source, fields);
}
