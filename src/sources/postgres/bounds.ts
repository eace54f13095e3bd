import type { Client } from 'pg';
import { quoteTable, type TableName } from '../../pg/identifier.ts';
import { beginReadOnly } from '../../pg/transaction.ts';
import { orderBy, qualified, where, type SelectPlan } from './select.ts';

/** The texts of a key's parts. */
export type Key = readonly string[];

/** So many pages of a table are looked into; at 8 KB each they are read in a moment. */
const samplePages = 2000;

/**
 * Chooses the keys that part a table into ranges of about the same number of rows, from a sample of its pages and in the
 * database's own order: numbers with gaps, texts and keys of several columns alike.
 *
 * @returns one key less than there are ranges, in ascending order; fewer where the sample has fewer rows
 */
export async function chooseBounds(
  client: Client,
  plan: SelectPlan,
  ranges: number,
): Promise<readonly Key[]> {
  if (!('table' in plan.from)) return [];
  await client.query(beginReadOnly);
  const pages = await pagesOf(client, plan.from.table);
  const percent = Math.min(100, (100 * samplePages) / Math.max(pages, 1));
  const { rows } = await client.query<{ key: string[] }>(boundsSql(plan, plan.from.table, percent, ranges));
  await client.query('COMMIT');
  return rows.map(({ key }) => key);
}

/** The size of a table in pages, its partitions' included. */
async function pagesOf(client: Client, table: TableName): Promise<number> {
  const { rows } = await client.query<{ pages: number }>(
    `SELECT (pg_catalog.pg_relation_size(t.oid)
               + COALESCE((SELECT sum(pg_catalog.pg_relation_size(relid))
                             FROM pg_catalog.pg_partition_tree(t.oid) WHERE relid <> t.oid), 0))::float8
            / pg_catalog.current_setting('block_size')::int AS pages
       FROM (SELECT $1::regclass::oid AS oid) AS t`,
    [quoteTable(table)],
  );
  return rows[0]?.pages ?? 0;
}

/** The sampled keys at every `1/ranges` of their number. */
function boundsSql(plan: SelectPlan, table: TableName, percent: number, ranges: number): string {
  const key = plan.key.map(({ name }) => qualified(plan, name));
  const places = Array.from({ length: ranges - 1 }, (_, range) => `total * ${range + 1} / ${ranges}`);
  return `SELECT key FROM (
      SELECT ARRAY[${key.map((column) => `${column}::text`).join(', ')}] AS key,
             row_number() OVER (${orderBy(plan)}) AS place, count(*) OVER () AS total
        FROM ${quoteTable(table)} TABLESAMPLE SYSTEM (${percent})
        ${where(plan.conditions)}) AS sampled
    WHERE place IN (${places.join(', ')}) ORDER BY place`;
}
