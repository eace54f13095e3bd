import type { DuckDBValue } from '@duckdb/node-api';
import { loadDuckdb } from '../../duckdb/load-duckdb.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { LoadPlan } from './load-plan.ts';
import { appendRows } from './staging.ts';

const asked = 'asked';

/**
 * Asks about many keys at once. A key's text that is no value of the column's type cannot stand in the table.
 *
 * @param select of the table's rows, called `target`, and of what is asked, `asked` with its place and what it carries
 * @param carried a text for each key, as `asked.carried`
 */
export async function askByKey<Row extends DuckDBValue[]>(
  session: DuckSession,
  plan: LoadPlan,
  keys: readonly (readonly string[])[],
  select: string,
  carried: readonly string[] = [],
): Promise<readonly Row[]> {
  const columns = plan.columns.slice(0, plan.keyCount);
  const { INTEGER, VARCHAR } = await loadDuckdb();
  const names = columns.map((_, part) => `k${part}`);
  const definitions = ['place INTEGER', ...[...names, 'carried'].map((name) => `${name} VARCHAR`)];
  await session.run(`CREATE OR REPLACE TEMP TABLE ${asked} (${definitions.join(', ')})`);
  await appendRows(
    session,
    asked,
    [INTEGER, ...names.map(() => VARCHAR), VARCHAR],
    [
      keys.map((_, place) => place),
      ...columns.map((column, part) => keys.map((key) => cellOf(column.convert(key[part] ?? '')))),
      keys.map((_, place) => carried[place] ?? null),
    ],
  );
  const matches = columns.map(
    ({ name, typed }, part) => `target.${quoteIdentifier(name)} = TRY(${typed(`${asked}.k${part}`)})`,
  );
  return session.rows<Row>(
    `SELECT ${select} FROM ${asked} JOIN ${quoteTable(plan.table)} AS target ON ${matches.join(' AND ')}`,
  );
}

function cellOf(converted: unknown): string | null {
  return typeof converted === 'string' ? converted : null;
}
