import { displayTable } from '../pg/identifier.ts';
import type { FoundSource } from './found-source.ts';
import type { Block } from './plan.ts';

/** Postgres cuts longer names. */
const longestName = 63;

/** A table beside the source's own, or, of rows that come from a file, in the schema that the search path begins with. */
export function tableSink(url: string, { shortName, schema }: FoundSource, purpose: string): Block {
  const ending = `_${purpose}`;
  const room = longestName - Buffer.byteLength(ending);
  let stem = schema === undefined ? shortName.toLowerCase() : shortName;
  while (Buffer.byteLength(stem) > room) stem = stem.replace(/.$/su, '');
  return {
    type: 'postgres',
    url,
    table: displayTable({ schema, table: `${stem}${ending}` }),
    create: true,
  };
}

/** A file of the kind that its name says, or that the source's rows suggest. */
export function fileSink(path: string | undefined, source: Block, name: string): Block {
  const file = path ?? `${name}${usualEnding(source)}`;
  if (/\.parquet$/i.test(file)) return { type: 'duckdb', path: file };
  return { type: /\.jsonl$/i.test(file) ? 'jsonl' : 'csv', path: file };
}

function usualEnding({ type }: Block): string {
  if (type === 'duckdb') return '.parquet';
  return type === 'csv' ? '.answers.csv' : '.answers.jsonl';
}
