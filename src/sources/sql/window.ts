import type { ReadWindow } from '../../core/read-window.ts';
import { aheadWarning, endlessCursor, isEndless, lessLag, nullCursor, type CursorColumn } from './cursor.ts';

/** A cursor in the words of its database. */
export interface SqlCursor extends CursorColumn {
  /** The column, qualified. */
  readonly column: string;
  readonly isNotNull: boolean;
  readonly quoteLiteral: (text: string) => string;
}

/** The rows that have the cursor. */
export interface CursorRows {
  /** For messages. */
  readonly name: string;
  readonly key: readonly { readonly name: string; readonly column: string }[];
  /** Selects the first row, of those that the condition holds for. */
  readonly first: (columns: readonly string[], condition?: string) => Promise<readonly unknown[] | undefined>;
}

/** The conditions that a window puts on the rows. */
export function windowConditions(cursor: SqlCursor, { low, high }: ReadWindow): readonly string[] {
  if (high === null) return ['false'];
  const end = `${cursor.column} <= ${literal(high, cursor)}`;
  return low === null ? [end] : [`${cursor.column} > ${lessLag(literal(low, cursor), cursor.lag)}`, end];
}

/**
 * The largest cursor; null where there is no row.
 *
 * @param warn is told of a cursor that lies in the future
 * @throws BatchlineError `null_cursor`, `endless_cursor`
 */
export async function largestCursor(
  rows: CursorRows,
  cursor: SqlCursor,
  warn: (message: string) => void,
): Promise<string | null> {
  const { column, isTime, isNotNull } = cursor;
  const without = isNotNull ? null : await keyWhere(rows, `${column} IS NULL`);
  if (without !== null) throw nullCursor(cursor, rows.name, without);
  const isAhead = isTime ? `max(${column}) > now() + interval '1 day'` : 'false';
  const [high, ahead] = (await rows.first([asText(`max(${column})`), isAhead])) ?? [];
  if (typeof high !== 'string') return null;
  if (isEndless(high)) {
    const key = await keyWhere(rows, `${column} = ${literal(high, cursor)}`);
    throw endlessCursor(cursor, rows.name, high, key ?? '');
  }
  if (ahead === true) warn(aheadWarning(cursor, rows.name, high));
  return high;
}

/** One row that the condition holds for, as `id = 7`; null where there is none. */
async function keyWhere({ key, first }: CursorRows, condition: string): Promise<string | null> {
  const columns = key.map(({ column }) => asText(column));
  const row = await first(columns.length === 0 ? ['1'] : columns, condition);
  return row === undefined ? null : key.map(({ name }, part) => `${name} = ${String(row[part])}`).join(', ');
}

function asText(expression: string): string {
  return `CAST(${expression} AS text)`;
}

function literal(text: string, { sqlType, quoteLiteral }: SqlCursor): string {
  return `CAST(${quoteLiteral(text)} AS ${sqlType})`;
}
