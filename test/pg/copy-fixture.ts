import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from } from 'pg-copy-streams';
import type { Value } from '../../src/core/value.ts';
import { TextCleaner } from '../../src/pg/clean-text.ts';
import { columnType, type CatalogType, type ColumnType } from '../../src/pg/column-type.ts';
import type { CopyBuffer } from '../../src/pg/copy-buffer.ts';
import type { CopyRows } from '../../src/pg/copy-column.ts';
import { valueConverter } from '../../src/pg/value-text.ts';

/** Describes a built-in type as the catalog does. */
export async function typeNamed(client: Client, name: string): Promise<ColumnType> {
  const { rows } = await client.query<CatalogType>(
    `SELECT $1::text AS declared, $1::text AS "castName", t.oid, t.typname::text AS name, -1 AS typmod, NULL AS labels,
       CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END AS "elementOid", e.typname::text AS "elementName", e.typdelim::text AS delimiter
     FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem WHERE t.oid = $1::text::regtype`,
    [name],
  );
  if (rows[0] === undefined) throw new Error(`no type ${name}`);
  return columnType(rows[0]);
}

/** Columns of values, each with its type, as the encoders take them. */
export function copyRows(columns: readonly (readonly [ColumnType, readonly Value[]])[]): CopyRows {
  const cleaner = new TextCleaner();
  return {
    length: columns[0]?.[1].length ?? 0,
    columns: columns.map(([type], index) => ({
      name: `c${index}`,
      type,
      required: false,
      convert: valueConverter(type, cleaner),
    })),
    values: columns.map(([, values]) => values),
    cleaner,
    without: new Set(),
  };
}

export async function copyInto(client: Client, target: string, buffer: CopyBuffer): Promise<void> {
  await pipeline(Readable.from(buffer.blocks()), client.query(from(`COPY ${target}`)));
}
