import type { ClientBase } from 'pg';
import type { SinkSample } from '../../core/sink.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { beginReadOnly } from '../../pg/transaction.ts';
import { rollBack } from './copy-in.ts';
import type { LoadPlan } from './load-plan.ts';

type Row = readonly (string | null)[];

/** The table's rows of some keys, then its first rows by key; every value as Postgres prints it. */
export async function sampleRows(
  client: ClientBase,
  plan: LoadPlan,
  count: number,
  wanted: readonly (readonly string[])[],
): Promise<SinkSample> {
  const shown = plan.writesHash ? plan.columns.slice(0, -1) : plan.columns;
  const columns = shown.map(({ name }) => name);
  const texts = columns.map((name) => `target.${quoteIdentifier(name)}::text`);
  const select = async (from: string, values: readonly unknown[]): Promise<readonly Row[]> => {
    const text = `SELECT ${texts.join(', ')} FROM ${from} LIMIT ${count}`;
    return (await client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array' })).rows;
  };
  try {
    await client.query(beginReadOnly);
    const first = wanted.length === 0 ? [] : await select(wantedRows(plan), keyArrays(plan, wanted));
    // Qualified, since a bare name would order by the printed text.
    const order = columns.slice(0, plan.keyCount).map((name) => `target.${quoteIdentifier(name)}`);
    const others = await select(`${quoteTable(plan.table)} AS target ORDER BY ${order.join(', ')}`, []);
    await client.query('COMMIT');
    const keyOf = (row: Row): string => JSON.stringify(row.slice(0, plan.keyCount));
    const seen = new Set(first.map(keyOf));
    return { columns, rows: [...first, ...others.filter((row) => !seen.has(keyOf(row)))].slice(0, count) };
  } catch (error) {
    await rollBack(client);
    throw error;
  }
}

function keyArrays({ columns, keyCount }: LoadPlan, wanted: readonly (readonly string[])[]) {
  return columns.slice(0, keyCount).map(({ convert }, part) => wanted.map((key) => convert(key[part] ?? '')));
}

/** The parameters are cast and the column is not, so that the key's index serves. */
function wantedRows({ columns, keyCount, table }: LoadPlan): string {
  const keys = columns.slice(0, keyCount);
  const arrays = keys.map((_, part) => `$${part + 1}::text[]`);
  const names = keys.map((_, part) => `k${part + 1}`);
  const matches = keys.map(
    ({ name, type }, part) => `target.${quoteIdentifier(name)} = asked.k${part + 1}::${type.castName}`,
  );
  return `unnest(${arrays.join(', ')}) WITH ORDINALITY AS asked (${names.join(', ')}, place)
    JOIN ${quoteTable(table)} AS target ON ${matches.join(' AND ')} ORDER BY asked.place`;
}
