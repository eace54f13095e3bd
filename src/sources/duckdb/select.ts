import { quoteIdentifier } from '../../pg/identifier.ts';

export interface SelectedColumn {
  readonly name: string;
  /** As DuckDB prints the type. */
  readonly declared: string;
}

export interface SelectPlan {
  /** What stands after FROM; its name is `source`. */
  readonly from: string;
  readonly columns: readonly SelectedColumn[];
  /** SQL conditions, all of which hold. */
  readonly conditions: readonly string[];
  readonly limit?: number | undefined;
}

export function selectSql(plan: SelectPlan): string {
  return selectOf(plan.columns.map(selected).join(', ') || '1', plan);
}

/** The same for expressions in place of columns. */
export function selectOf(what: string, { from, conditions, limit }: Omit<SelectPlan, 'columns'>): string {
  // On lines of their own, since a condition may end in a comment.
  const where = conditions.map((condition) => `(\n${condition}\n)`).join(' AND ');
  return [
    `SELECT ${what}`,
    `FROM ${from}`,
    where === '' ? '' : `WHERE ${where}`,
    limit === undefined ? '' : `LIMIT ${limit}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** The package reads text by a decoder that swallows a byte order mark at its beginning; of two it leaves one. */
function selected({ name, declared }: SelectedColumn): string {
  const column = `source.${quoteIdentifier(name)}`;
  if (declared !== 'VARCHAR') return column;
  return `CASE WHEN starts_with(${column}, chr(65279)) THEN chr(65279) || ${column} ELSE ${column} END`;
}
