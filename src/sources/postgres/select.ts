import { fromWire, type WireText } from '../../core/wire-text.ts';
import { quoteIdentifier, quoteLiteral, quoteTable, type TableName } from '../../pg/identifier.ts';
import { inKeyOrder, keyCompares, keyValue, type KeyOrder } from '../../pg/key-order.ts';

/** What is selected from, and which of its rows. */
export interface SelectPlan {
  readonly from: { readonly table: TableName } | { readonly query: string };
  /** The columns, in the order of the COPY. */
  readonly columns: readonly string[];
  readonly key: readonly { readonly name: string }[];
  /** SQL conditions, all of which hold. */
  readonly conditions: readonly string[];
  /**
   * The order of the key's columns where rows come in pages; otherwise rows are read in one pass, as their types order
   * them or, without an order, as they stand.
   */
  readonly order: readonly KeyOrder[] | 'by type' | 'none';
}

export interface Page {
  /** The key of the last row before the page. */
  readonly after?: readonly WireText[] | undefined;
  readonly limit?: number | undefined;
}

/**
 * The SELECT of a page. Columns are qualified by the table's own name: an ORDER BY of a bare name would mean the
 * output column. COPY takes no parameters, so the key is written as literals of the columns' types.
 */
export function pageSql(plan: SelectPlan, page: Page): string {
  const conditions = [...plan.conditions, ...(page.after === undefined ? [] : [isAfter(plan, page.after)])];
  return [
    `SELECT ${plan.columns.map((name) => qualified(plan, name)).join(', ')}`,
    `FROM ${fromItem(plan)}`,
    where(conditions),
    orderBy(plan),
    page.limit === undefined ? '' : `LIMIT ${page.limit}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** The ORDER BY of a plan's rows; empty where they have no order. */
export function orderBy(plan: SelectPlan): string {
  if (plan.order === 'none') return '';
  const columns = plan.key.map(({ name }) => qualified(plan, name));
  return `ORDER BY ${plan.order === 'by type' ? columns.join(', ') : inKeyOrder(plan.order, columns)}`;
}

/** Whether any row has no key; `columns` are those that may be null. */
export function nullKeySql(plan: SelectPlan, columns: readonly string[]): string {
  const isNull = columns.map((name) => `${qualified(plan, name)} IS NULL`).join(' OR ');
  const select = columns
    .map((name) => `${qualified(plan, name)} IS NULL AS ${quoteIdentifier(name)}`)
    .join(', ');
  return `SELECT ${select} FROM ${fromItem(plan)} ${where([...plan.conditions, isNull])} LIMIT 1`;
}

/** A query as something to select from; on lines of its own, since it may end in a comment. */
export function subquery(query: string): string {
  return `(\n${query.trim().replace(/;\s*$/, '')}\n) AS source`;
}

/** Whether a row comes after that of a key. */
export function isAfter(plan: SelectPlan, key: readonly WireText[]): string {
  return compareKey(plan, '>', key);
}

/** Whether a row comes before that of a key, or is it. */
export function isUpTo(plan: SelectPlan, key: readonly WireText[]): string {
  return compareKey(plan, '<=', key);
}

function compareKey(plan: SelectPlan, comparison: '<=' | '>', key: readonly WireText[]): string {
  const { order } = plan;
  if (typeof order === 'string') throw new Error('rows without a known order have no pages');
  const columns = plan.key.map(({ name }) => qualified(plan, name));
  const values = order.map((each, part) => keyValue(each, quoteLiteral(fromWire(key[part] as WireText))));
  return keyCompares(order, columns, comparison, values);
}

/** A WHERE clause of all the conditions, or nothing. */
export function where(conditions: readonly string[]): string {
  // On lines of their own, since a condition may end in a comment.
  return conditions.length === 0
    ? ''
    : `WHERE ${conditions.map((condition) => `(\n${condition}\n)`).join(' AND ')}`;
}

/** What is selected from, as a FROM item. */
export function fromItem({ from }: Pick<SelectPlan, 'from'>): string {
  return 'table' in from ? quoteTable(from.table) : subquery(from.query);
}

/** A column, qualified by the table's own name. */
export function qualified({ from }: Pick<SelectPlan, 'from'>, name: string): string {
  return `${'table' in from ? quoteIdentifier(from.table.table) : 'source'}.${quoteIdentifier(name)}`;
}
