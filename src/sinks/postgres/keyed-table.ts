import type { ColumnPlan } from '../../core/sink.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { KeyOrder } from '../../pg/key-order.ts';
import type { KeyedTable } from '../keys/key-collisions.ts';
import type { Key } from '../keys/loaded-keys.ts';
import { areAllUsual, usualKeys, type UsualKind } from '../keys/usual-keys.ts';
import { askByKey } from './ask-by-key.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { isKey, type LoadPlan } from './load-plan.ts';

/** @param source what is known of the keys that come */
export function keyedTable(pool: ConnectionPool, plan: LoadPlan, source: readonly ColumnPlan[]): KeyedTable {
  const columns = plan.columns.slice(0, plan.keyCount);
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const kinds = columns.map((column, part) => kindOf(column, plan.keyOrder?.[part]));
  return {
    name: `${quoteTable(plan.table)} (${names.join(', ')})`,
    areUsual: usualKeys(kinds),
    areAllUsual: areAllUsual(kinds, source),
    standing: (keys) => standing(pool, plan, keys),
  };
}

function kindOf({ type }: LoadPlan['columns'][number], order: KeyOrder | undefined): UsualKind | null {
  if (order === undefined || order.operators['='].schema !== 'pg_catalog') return null;
  if (type.kind === 'int2' || type.kind === 'int4' || type.kind === 'int8') return 'integer';
  if (type.kind === 'uuid') return 'uuid';
  const isPlainText = type.castName === 'text' || type.castName === 'character varying';
  return isPlainText && type.limit === null && order.isDeterministic ? 'text' : null;
}

async function standing(
  pool: ConnectionPool,
  plan: LoadPlan,
  keys: readonly Key[],
): Promise<ReadonlyMap<number, Key>> {
  const columns = plan.columns.slice(0, plan.keyCount);
  const names = columns.map(({ name }) => `target.${quoteIdentifier(name)}`);
  const asked = columns.map(({ type }, part) => `asked.k${part + 1}::${type.declared}`);
  const statement = (from: string): string =>
    `SELECT asked.place, ARRAY[${names.map((name) => `${name}::text`).join(', ')}] AS key FROM ${from}
      JOIN ${quoteTable(plan.table)} AS target ON ${isKey(plan, names, asked)}`;
  const found = await pool.use('look for keys that are equal', (client) =>
    askByKey<{ place: number; key: string[] }>(client, plan, keys, statement),
  );
  return new Map(found.map(({ place, key }) => [place, key]));
}
