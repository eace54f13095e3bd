import { quoteIdentifier } from '../../pg/identifier.ts';

export interface SelectPlan {
  /** What stands after FROM; its name is `source`. */
  readonly from: string;
  readonly columns: readonly string[];
  /** SQL conditions, all of which hold. */
  readonly conditions: readonly string[];
  readonly limit?: number | undefined;
}

export function selectSql({ from, columns, conditions, limit }: SelectPlan): string {
  const names = columns.map((name) => `source.${quoteIdentifier(name)}`);
  // On lines of their own, since a condition may end in a comment.
  const where = conditions.map((condition) => `(\n${condition}\n)`).join(' AND ');
  return [
    `SELECT ${names.join(', ') || '1'}`,
    `FROM ${from}`,
    where === '' ? '' : `WHERE ${where}`,
    limit === undefined ? '' : `LIMIT ${limit}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
