import { loadDuckdb } from '../../duckdb/load-duckdb.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { requestHashColumn, type LoadPlan } from './load-plan.ts';
import { appendRows } from './staging.ts';

const asked = 'asked';

/** For each key, whether the table holds it with this hash. */
export async function findUnchanged(
  session: DuckSession,
  plan: LoadPlan,
  keys: readonly (readonly string[])[],
  hashes: readonly string[],
): Promise<boolean[]> {
  const found = keys.map(() => false);
  const keyColumns = plan.columns.slice(0, plan.keyCount);
  const { INTEGER, VARCHAR } = await loadDuckdb();
  const names = keyColumns.map((_, part) => `k${part}`);
  const columns = ['place INTEGER', ...names.map((name) => `${name} VARCHAR`), 'hash VARCHAR'];
  await session.run(`CREATE OR REPLACE TEMP TABLE ${asked} (${columns.join(', ')})`);
  await appendRows(
    session,
    asked,
    [INTEGER, ...names.map(() => VARCHAR), VARCHAR],
    [
      keys.map((_, place) => place),
      ...keyColumns.map((column, part) => keys.map((key) => keyCell(column.convert(key[part] ?? '')))),
      [...hashes],
    ],
  );
  for (const [place] of await session.rows<[number]>(selectUnchanged(plan))) found[place] = true;
  return found;
}

/** A text that is no value of the column's type cannot stand in it. */
function keyCell(converted: unknown): string | null {
  return typeof converted === 'string' ? converted : null;
}

function selectUnchanged({ columns, keyCount, table }: LoadPlan): string {
  const matches = columns
    .slice(0, keyCount)
    .map(({ name, typed }, part) => `target.${quoteIdentifier(name)} = TRY(${typed(`${asked}.k${part}`)})`);
  return `SELECT ${asked}.place FROM ${asked} JOIN ${quoteTable(table)} AS target ON ${matches.join(' AND ')}
    WHERE target.${quoteIdentifier(requestHashColumn)} = ${asked}.hash`;
}
