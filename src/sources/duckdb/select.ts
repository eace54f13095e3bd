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

/** The columns, and behind them each row's size, where values of theirs may be of any size. */
export function selectSql(plan: SelectPlan): string {
  const sizes = plan.columns.flatMap(sizeOf);
  const columns = plan.columns.map(selected);
  const size = sizes.length === 0 ? [] : [`(${sizes.join(' + ')})::BIGINT`];
  return selectOf([...columns, ...size].join(', ') || '1', plan);
}

/** Whether `selectSql` adds the rows' sizes. */
export function isSized(columns: readonly SelectedColumn[]): boolean {
  return columns.some((column) => sizeOf(column).length > 0);
}

const nested = /^(?:STRUCT|MAP|UNION)\(|\]$/;

/** Asking DuckDB costs little beside reading the value here. */
function sizeOf({ name, declared }: SelectedColumn): readonly string[] {
  const column = `source.${quoteIdentifier(name)}`;
  if (declared === 'BLOB') return [`coalesce(octet_length(${column}), 0)`];
  const isText = declared === 'VARCHAR' || declared === 'JSON';
  return isText || nested.test(declared) ? [`coalesce(strlen(${column}::VARCHAR), 0)`] : [];
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
