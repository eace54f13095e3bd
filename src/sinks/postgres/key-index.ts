import type { ClientBase } from 'pg';
import type { LoadMode } from './load-plan.ts';
import { missingKeyIndex } from './missing-key-index.ts';
import type { Target } from './target.ts';
import { fault } from './target-checks.ts';

/** A unique index that ON CONFLICT can take: complete, in force at once, and over plain columns. */
const selectIndexes = `
  SELECT i.indexrelid AS index, array(SELECT a.attname::text FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS columns
  FROM pg_catalog.pg_index i
  WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate
    AND i.indpred IS NULL AND i.indexprs IS NULL
  ORDER BY EXISTS (SELECT FROM pg_catalog.pg_collation l
      WHERE l.oid = ANY (i.indcollation::oid[]) AND NOT l.collisdeterministic) DESC,
    EXISTS (SELECT FROM pg_catalog.pg_opclass o
      WHERE o.oid = ANY (i.indclass::oid[]) AND o.opcnamespace <> 'pg_catalog'::regnamespace) DESC, i.indexrelid`;

interface UniqueIndex {
  readonly index: number;
  readonly columns: readonly string[];
}

/**
 * The index by whose operators and collations the table tells keys apart; null where it has none on exactly these
 * columns. Of several, the one that finds most keys equal: ON CONFLICT takes them all.
 */
export async function findKeyIndex(
  client: ClientBase,
  table: number,
  key: readonly string[],
): Promise<number | null> {
  const { rows } = await client.query<UniqueIndex>(selectIndexes, [table]);
  return rows.find((index) => isOn(index, key))?.index ?? null;
}

function isOn({ columns }: UniqueIndex, key: readonly string[]): boolean {
  return columns.length === key.length && key.every((name) => columns.includes(name));
}

/** @throws BatchlineError `unique_index_missing` where no index is on exactly the key's columns */
export async function checkKeyIndex(
  client: ClientBase,
  target: Target,
  key: readonly string[],
  mode: LoadMode,
): Promise<void> {
  if ((await findKeyIndex(client, target.oid, key)) !== null) return;
  const { problem, hint } = await missingKeyIndex(client, target, key, mode);
  throw fault('unique_index_missing', target, problem, hint);
}
