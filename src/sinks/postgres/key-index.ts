import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { LoadMode } from './load-plan.ts';
import type { Target } from './target.ts';
import { fault } from './target-checks.ts';

/** A unique index that ON CONFLICT can take: complete, in force at once, and over plain columns. */
const selectIndexes = `
  SELECT array(SELECT a.attname::text FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS columns
  FROM pg_catalog.pg_index i
  WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate
    AND i.indpred IS NULL AND i.indexprs IS NULL`;

const needs: Readonly<Record<LoadMode, string>> = {
  upsert: 'which mode: upsert needs',
  update: 'without which mode: update could write one answer into many rows',
  insert: 'which it needs',
};

/** @throws BatchlineError `unique_index_missing` where no index is on exactly the key's columns */
export async function checkKeyIndex(
  client: ClientBase,
  target: Target,
  key: readonly string[],
  mode: LoadMode,
): Promise<void> {
  const { rows } = await client.query<{ columns: readonly string[] }>(selectIndexes, [target.oid]);
  const fits = rows.some(
    ({ columns }) => columns.length === key.length && key.every((name) => columns.includes(name)),
  );
  if (fits) return;
  const names = key.map(quoteIdentifier).join(', ');
  throw fault(
    'unique_index_missing',
    target,
    `has no unique index on exactly (${key.join(', ')}), ${needs[mode]}`,
    `CREATE UNIQUE INDEX ON ${quoteTable(target.name)} (${names})`,
  );
}
