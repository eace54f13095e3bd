import type { Client } from 'pg';
import { errorCode } from '../../core/errors.ts';
import { learnKeyOrder, type KeyOrder } from '../../pg/key-order.ts';
import { beginReadOnly } from '../../pg/transaction.ts';
import type { UniqueKey } from './relation.ts';
import { pageSql, type SelectPlan } from './select.ts';

/** In which order rows are read, and what follows from it. */
export interface ReadingOrder {
  readonly order: SelectPlan['order'];
  readonly keyIsUnique: boolean;
  /** Whether pages can be told apart by the key: an index keeps it unique in the very order that they have. */
  readonly isPaged: boolean;
  /** A read goes on only in the order that it began in, which an index gives that may be made anew. */
  readonly fingerprint: Readonly<Record<string, string>>;
}

interface Rows extends Pick<SelectPlan, 'from' | 'conditions'> {
  readonly uniqueKeys: readonly UniqueKey[];
}

/** Finds the order of the rows, and tries their conditions out, reading nothing. */
export async function readingOrder(
  client: Client,
  rows: Rows,
  key: SelectPlan['key'],
): Promise<ReadingOrder> {
  const names = key.map(({ name }) => name);
  const unique = rows.uniqueKeys.find(({ columns }) => columns.every((name) => names.includes(name)));
  const plan = { ...rows, columns: names, key };
  const order = unique === undefined ? null : await orderOf(client, unique, names);
  if (order === null)
    return {
      order: await onePass(client, plan),
      keyIsUnique: unique !== undefined,
      isPaged: false,
      fingerprint: {},
    };
  await tryOut(client, { ...plan, order });
  return { order, keyIsUnique: true, isPaged: true, fingerprint: fingerprintOf(order) };
}

async function orderOf(
  client: Client,
  { table, index }: UniqueKey,
  names: readonly string[],
): Promise<readonly KeyOrder[] | null> {
  await client.query(beginReadOnly);
  const order = await learnKeyOrder(client, table, names, index);
  await client.query('COMMIT');
  return order;
}

/**
 * A table's rows are ordered by the key, but not by a type without an order (json, point), where they come as they
 * stand. A query keeps its own order.
 */
async function onePass(client: Client, plan: Omit<SelectPlan, 'order'>): Promise<'by type' | 'none'> {
  const undefinedFunction = '42883';
  if ('table' in plan.from) {
    try {
      await tryOut(client, { ...plan, order: 'by type' });
      return 'by type';
    } catch (error) {
      if (errorCode(error) !== undefinedFunction) throw error;
    }
  }
  await tryOut(client, { ...plan, order: 'none' });
  return 'none';
}

async function tryOut(client: Client, plan: SelectPlan): Promise<void> {
  await client.query(beginReadOnly);
  try {
    await client.query(pageSql(plan, { limit: 0 }));
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Empty for the usual case, an order of the catalog's own under the column's collation. */
function fingerprintOf(order: readonly KeyOrder[]): Readonly<Record<string, string>> {
  const odd = order.filter(
    ({ isOwnCollation, operators: { '<': less } }) =>
      !isOwnCollation || less.schema !== 'pg_catalog' || less.name !== '<',
  );
  return Object.fromEntries(
    odd.map(({ name, collation, operators: { '<': less } }) => [
      `order of ${name}`,
      `${less.schema}.${less.name}${collation === null ? '' : ` collate ${collation}`}`,
    ]),
  );
}
