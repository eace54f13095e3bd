import type { z } from 'zod';
import type { OpenedSource } from '../../src/core/source.ts';
import { csv } from '../../src/sources/csv.ts';
import { readRows as readAllRows, type ReadRow, type SourceFolder } from './source-folder.ts';

export type CsvInput = Partial<z.input<typeof csv.config>>;

export function openCsv(
  folder: SourceFolder,
  path: string,
  config: CsvInput = {},
  key: readonly string[] = ['id'],
): Promise<OpenedSource> {
  return csv.open(csv.config.parse({ path, ...config }), folder.context(key));
}

/** All rows of a source; each field's printed text and JSON are compared with its value on the way. */
export async function readRows(source: OpenedSource, fields: readonly string[]): Promise<readonly ReadRow[]> {
  const rows = await readAllRows(source, fields);
  for (const { values, printed, json } of rows) {
    values.forEach((value, field) => {
      const text = typeof value === 'bigint' ? value.toString() : value;
      const parsed = String(JSON.parse(json[field] ?? '') as string | number);
      if (printed[field] !== text || parsed !== text)
        throw new Error(`printed ${printed[field]}, as JSON ${parsed}`);
    });
  }
  return rows;
}
