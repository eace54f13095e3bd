import type { SinkSample } from '../../core/sink.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { quoteIdentifier } from '../../pg/identifier.ts';

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
