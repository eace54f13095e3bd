import type { IncrementalConfig, ReadWindow } from '../../core/read-window.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';
import { quoteIdentifier } from '../../pg/identifier.ts';
import {
  aheadWarning,
  cursorColumn,
  endlessCursor,
  isEndless,
  lessLag,
  nullCursor,
  type CursorCandidate,
  type CursorColumn,
} from '../sql/cursor.ts';
import { selectOf, type SelectPlan } from './select.ts';

interface Rows extends Pick<SelectPlan, 'from' | 'conditions'> {
  /** For messages. */
  readonly name: string;
}

/** Learns whether a column can be a cursor, and its lag. @throws BatchlineError `bad_cursor`, `bad_lag` */
export async function learnCursor(
  session: DuckSession,
  { from }: Pick<Rows, 'from'>,
  name: string,
  config: IncrementalConfig,
): Promise<CursorColumn> {
  const described = await session.rows<[string, string]>(`DESCRIBE SELECT ${qualified(name)} FROM ${from}`);
  const sqlType = described[0]?.[1] ?? '';
  return cursorColumn({ name, sqlType, kind: kindOf(sqlType) }, config);
}

function kindOf(type: string): CursorCandidate['kind'] {
  if (/^(?:TIMESTAMP|DATE\b)/.test(type)) return 'time';
  return /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL|FLOAT|DOUBLE)(?:\([\d,]+\))?$/.test(type)
    ? 'number'
    : null;
}

/** The conditions that a window puts on the rows. */
export function windowConditions(cursor: CursorColumn, { low, high }: ReadWindow): readonly string[] {
  if (high === null) return ['false'];
  const column = qualified(cursor.name);
  const end = `${column} <= ${literal(high, cursor)}`;
  return low === null ? [end] : [`${column} > ${lessLag(literal(low, cursor), cursor.lag)}`, end];
}

/** The largest cursor; null where there is no row. @throws BatchlineError `null_cursor`, `endless_cursor` */
export async function largestCursor(
  session: DuckSession,
  rows: Rows,
  cursor: CursorColumn,
  key: readonly string[],
  warn: (message: string) => void,
): Promise<string | null> {
  const column = qualified(cursor.name);
  const without = await keyWhere(session, rows, key, `${column} IS NULL`);
  if (without !== null) throw nullCursor(cursor, rows.name, without);
  const isAhead = cursor.isTime ? `max(${column}) > now() + INTERVAL '1 day'` : 'false';
  const columns = `CAST(max(${column}) AS VARCHAR), ${isAhead}`;
  const [found] = await session.rows<[string | null, boolean | null]>(selectOf(columns, rows));
  const [high, ahead] = found ?? [null, false];
  if (high === null) return null;
  if (isEndless(high)) {
    const row = await keyWhere(session, rows, key, `${column} = ${literal(high, cursor)}`);
    throw endlessCursor(cursor, rows.name, high, row ?? '');
  }
  if (ahead === true) warn(aheadWarning(cursor, rows.name, high));
  return high;
}

/** One row that the condition holds for, as `id = 7`; null where there is none. */
async function keyWhere(
  session: DuckSession,
  rows: Rows,
  key: readonly string[],
  condition: string,
): Promise<string | null> {
  const columns = key.map((name) => `CAST(${qualified(name)} AS VARCHAR)`).join(', ') || '1';
  const conditions = [...rows.conditions, condition];
  const [row] = await session.rows(selectOf(columns, { ...rows, conditions, limit: 1 }));
  if (row === undefined) return null;
  return key.map((name, part) => `${name} = ${String(row[part])}`).join(', ');
}

function literal(text: string, { sqlType }: CursorColumn): string {
  return `CAST(${textLiteral(text)} AS ${sqlType})`;
}

function qualified(name: string): string {
  return `source.${quoteIdentifier(name)}`;
}
