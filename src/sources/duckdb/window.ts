import type { IncrementalConfig } from '../../core/read-window.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';
import { quoteIdentifier } from '../../pg/identifier.ts';
import { cursorColumn, type CursorCandidate } from '../sql/cursor.ts';
import type { CursorRows, SqlCursor } from '../sql/window.ts';
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
): Promise<SqlCursor> {
  const column = qualified(name);
  const described = await session.rows<[string, string]>(`DESCRIBE SELECT ${column} FROM ${from}`);
  const sqlType = described[0]?.[1] ?? '';
  const cursor = cursorColumn({ name, sqlType, kind: kindOf(sqlType) }, config);
  return { ...cursor, column, isNotNull: false, quoteLiteral: textLiteral };
}

function kindOf(type: string): CursorCandidate['kind'] {
  if (/^(?:TIMESTAMP|DATE\b)/.test(type)) return 'time';
  return /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL|FLOAT|DOUBLE)(?:\([\d,]+\))?$/.test(type)
    ? 'number'
    : null;
}

/** @param key the names of the key's columns */
export function cursorRows(session: DuckSession, rows: Rows, key: readonly string[]): CursorRows {
  return {
    name: rows.name,
    key: key.map((name) => ({ name, column: qualified(name) })),
    async first(columns, condition) {
      const conditions = [...rows.conditions, ...(condition === undefined ? [] : [condition])];
      const [row] = await session.rows(selectOf(columns.join(', '), { ...rows, conditions, limit: 1 }));
      return row;
    },
  };
}

function qualified(name: string): string {
  return `source.${quoteIdentifier(name)}`;
}
