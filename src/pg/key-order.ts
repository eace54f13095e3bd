import type { ClientBase } from 'pg';
import { quoteIdentifier } from './identifier.ts';

/**
 * How the database itself orders a column of a key and tells two of its values apart: by the operators of the index
 * that keeps the key unique, or of the type where there is none, and under that index's collation. An operator that is
 * looked up by its name may be another type's (citext off the search path falls back to text), and a column's own
 * collation may differ from its index's; then rows that a page left off at are passed over, or read twice.
 */
export interface KeyOrder {
  readonly name: string;
  /** The type behind domains, qualified and without a length. */
  readonly type: string;
  /** The type to be compared as, where it is not the column's own. */
  readonly operand: string | null;
  /** Null for a type that has none. */
  readonly collation: string | null;
  readonly isOwnCollation: boolean;
  /** Whether texts that differ in any byte are never equal by it. */
  readonly isDeterministic: boolean;
  readonly operators: Readonly<Record<Comparison, Operator>>;
}

export type Comparison = '<' | '<=' | '=' | '>=' | '>';

interface Operator {
  readonly schema: string;
  readonly name: string;
}

interface OrderRow {
  readonly name: string;
  readonly type: string;
  readonly operand: string | null;
  readonly collation: string | null;
  readonly isOwnCollation: boolean;
  readonly isDeterministic: boolean;
  /** By the number of their strategy in a B-tree. */
  readonly operators: Readonly<Partial<Record<1 | 2 | 3 | 4 | 5, Operator>>> | null;
}

/**
 * Learns the order of a relation's columns, in the order of their names.
 *
 * @param index the oid of a B-tree whose operators and collations hold for its columns
 * @returns null where a column has no order
 */
export async function learnKeyOrder(
  client: ClientBase,
  relation: number,
  names: readonly string[],
  index: number | null,
): Promise<readonly KeyOrder[] | null> {
  const { rows } = await client.query<OrderRow>(selectOrders, [relation, names, index]);
  const orders = names.map((name) => keyOrder(rows.find((row) => row.name === name)));
  return orders.every((order) => order !== null) ? orders : null;
}

function keyOrder(row: OrderRow | undefined): KeyOrder | null {
  const operators = row?.operators ?? null;
  if (row === undefined || operators === null) return null;
  const { 1: less, 2: upTo, 3: equal, 4: from, 5: greater } = operators;
  if (!less || !upTo || !equal || !from || !greater) return null;
  return { ...row, operators: { '<': less, '<=': upTo, '=': equal, '>=': from, '>': greater } };
}

/** An expression as the key's operators and collations compare it. */
export function asCompared(order: KeyOrder, expression: string): string {
  const operand = asOperand(order, expression);
  return order.collation === null ? operand : `${operand} COLLATE ${order.collation}`;
}

function asOperand({ operand }: KeyOrder, expression: string): string {
  return operand === null ? expression : `CAST(${expression} AS ${operand})`;
}

/** A text that the database printed, as a value of the key. Of the base type: a domain may have been tightened since. */
export function keyValue({ type }: KeyOrder, text: string): string {
  return `CAST(${text} AS ${type})`;
}

/** What stands behind ORDER BY for rows in the key's order. */
export function inKeyOrder(orders: readonly KeyOrder[], columns: readonly string[]): string {
  return orders
    .map((order, at) => `${asCompared(order, columns[at] ?? '')} USING ${spelled(order, '<')}`)
    .join(', ');
}

/** Whether two keys are equal, as the database has it. */
export function keysAreEqual(
  orders: readonly KeyOrder[],
  left: readonly string[],
  right: readonly string[],
): string {
  return orders.map((order, at) => compared(order, left, '=', right, at)).join(' AND ');
}

/** Whether the left key comes before or behind the right one, or is it. */
export function keyCompares(
  orders: readonly KeyOrder[],
  left: readonly string[],
  comparison: '<=' | '>',
  right: readonly string[],
): string {
  const names = new Set(orders.map((order) => spelled(order, comparison)));
  const [name] = names;
  // One comparison of rows begins in the index where the key stands, but takes one operator for all columns.
  if (names.size === 1 && name !== undefined) {
    const row = orders.map((order, at) => asCompared(order, left[at] ?? ''));
    const other = orders.map((order, at) => asOperand(order, right[at] ?? ''));
    return `(${row.join(', ')}) ${name} (${other.join(', ')})`;
  }
  const [first] = orders;
  if (first === undefined) return 'true';
  const bound = compared(first, left, comparison === '>' ? '>=' : '<=', right, 0);
  return `(${bound} AND ${columnByColumn(orders, left, comparison, right, 0)})`;
}

function columnByColumn(
  orders: readonly KeyOrder[],
  left: readonly string[],
  comparison: '<=' | '>',
  right: readonly string[],
  at: number,
): string {
  const order = orders[at];
  if (order === undefined) return comparison === '<=' ? 'true' : 'false';
  const strict = compared(order, left, comparison === '<=' ? '<' : '>', right, at);
  const equal = compared(order, left, '=', right, at);
  return `(${strict} OR (${equal} AND ${columnByColumn(orders, left, comparison, right, at + 1)}))`;
}

function compared(
  order: KeyOrder,
  left: readonly string[],
  comparison: Comparison,
  right: readonly string[],
  at: number,
): string {
  return `${asCompared(order, left[at] ?? '')} ${spelled(order, comparison)} ${asOperand(order, right[at] ?? '')}`;
}

function spelled({ operators }: KeyOrder, comparison: Comparison): string {
  const { schema, name } = operators[comparison];
  return `OPERATOR(${quoteIdentifier(schema)}.${name})`;
}

/** A type by its name wherever the search path leads; `type` is a row of pg_type, `space` its schema's. */
const qualifiedType = `CASE WHEN space.nspname = 'pg_catalog' THEN pg_catalog.format_type(type.oid, -1)
    WHEN type.typelem <> 0 AND type.typlen = -1 AND type.typcategory = 'A'
      THEN (SELECT pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(e.typname) || '[]'
        FROM pg_catalog.pg_type e JOIN pg_catalog.pg_namespace s ON s.oid = e.typnamespace WHERE e.oid = type.typelem)
    ELSE pg_catalog.quote_ident(space.nspname) || '.' || pg_catalog.quote_ident(type.typname) END`;

/**
 * A type without an operator class of its own has that of the type that it is cast to without a change: varchar that of
 * text, an enum that of every enum.
 */
const selectOrders = `
  WITH RECURSIVE level (num, oid, depth) AS (
    SELECT attnum, atttypid, 0 FROM pg_catalog.pg_attribute
     WHERE attrelid = $1 AND attname = ANY ($2) AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT num, t.typbasetype, depth + 1 FROM level JOIN pg_catalog.pg_type t ON t.oid = level.oid AND t.typtype = 'd'),
  base AS (SELECT DISTINCT ON (num) num, oid FROM level ORDER BY num, depth DESC),
  indexed AS (
    SELECT k.attnum AS num, k.class, k.coll
      FROM pg_catalog.pg_index i
     CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[])
       WITH ORDINALITY AS k (attnum, class, coll, place)
     WHERE i.indexrelid = $3 AND k.place <= i.indnkeyatts)
  SELECT a.attname::text AS name, ${qualifiedType} AS type,
    (SELECT ${qualifiedType} FROM pg_catalog.pg_type type
       JOIN pg_catalog.pg_namespace space ON space.oid = type.typnamespace
      WHERE type.oid = class.operand AND class.operand <> a.atttypid) AS operand,
    (SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.collname)
       FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
      WHERE c.oid = COALESCE(indexed.coll, a.attcollation)) AS collation,
    COALESCE(indexed.coll, a.attcollation) = a.attcollation AS "isOwnCollation",
    NOT EXISTS (SELECT FROM pg_catalog.pg_collation c WHERE c.oid = COALESCE(indexed.coll, a.attcollation)
      AND NOT c.collisdeterministic) AS "isDeterministic",
    (SELECT json_object_agg(o.amopstrategy, json_build_object('schema', n.nspname, 'name', p.oprname))
       FROM pg_catalog.pg_amop o JOIN pg_catalog.pg_operator p ON p.oid = o.amopopr
       JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace
      WHERE o.amopfamily = class.opcfamily AND o.amoppurpose = 's'
        AND o.amoplefttype = class.opcintype AND o.amoprighttype = class.opcintype) AS operators
  FROM base
  JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attnum = base.num
  JOIN pg_catalog.pg_type type ON type.oid = base.oid
  JOIN pg_catalog.pg_namespace space ON space.oid = type.typnamespace
  LEFT JOIN indexed ON indexed.num = base.num
  LEFT JOIN LATERAL (
    SELECT c.opcfamily, c.opcintype, CASE taken.typtype WHEN 'p' THEN base.oid ELSE c.opcintype END AS operand
      FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
      JOIN pg_catalog.pg_type taken ON taken.oid = c.opcintype
     WHERE CASE WHEN indexed.class IS NOT NULL THEN c.oid = indexed.class
       ELSE c.opcdefault AND (c.opcintype = base.oid
         OR c.opcintype = CASE WHEN type.typcategory = 'A' AND type.typelem <> 0 THEN 'anyarray'::regtype
              WHEN type.typtype = 'e' THEN 'anyenum'::regtype WHEN type.typtype = 'r' THEN 'anyrange'::regtype
              WHEN type.typtype = 'c' THEN 'record'::regtype END
         OR EXISTS (SELECT FROM pg_catalog.pg_cast t WHERE t.castsource = base.oid AND t.casttarget = c.opcintype
              AND t.castmethod = 'b' AND t.castcontext = 'i')) END
     ORDER BY c.opcintype = base.oid DESC, taken.typispreferred DESC LIMIT 1) AS class ON true`;
