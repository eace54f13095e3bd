import type { SinkSample } from '../../core/sink.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { LoadPlan } from './load-plan.ts';

/** The first rows of a table or file; every value as DuckDB prints it. @param from what stands after FROM */
export async function sampleRows(
  session: DuckSession,
  from: string,
  columns: readonly string[],
  orderBy: readonly string[],
  count: number,
): Promise<SinkSample> {
  const texts = columns.map((name) => `CAST(target.${quoteIdentifier(name)} AS VARCHAR)`);
  const order = orderBy.map((name) => `target.${quoteIdentifier(name)}`);
  const rows = await session.rows<(string | null)[]>(
    `SELECT ${texts.join(', ')} FROM ${from} AS target
      ${order.length === 0 ? '' : `ORDER BY ${order.join(', ')}`} LIMIT ${count}`,
  );
  return { columns, rows };
}

/** What stands after FROM for a table's rows of some keys. */
export function rowsOfKeys(
  { columns, keyCount, table }: LoadPlan,
  wanted: readonly (readonly string[])[],
): string {
  const keys = columns.slice(0, keyCount);
  const rows = wanted.map((key) => {
    const cells = keys.map(({ convert }, part) => {
      const text = convert(key[part] ?? '');
      return typeof text === 'string' ? textLiteral(text) : 'NULL';
    });
    return `(${cells.join(', ')})`;
  });
  const names = keys.map((_, part) => `k${part}`);
  const matches = keys.map(
    ({ name, typed }, part) => `held.${quoteIdentifier(name)} = TRY(${typed(`asked.k${part}`)})`,
  );
  return `(SELECT held.* FROM (VALUES ${rows.join(', ')}) AS asked (${names.join(', ')})
    JOIN ${quoteTable(table)} AS held ON ${matches.join(' AND ')})`;
}
