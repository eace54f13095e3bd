import type { Client } from 'pg';
import { errorCode } from '../../core/errors.ts';
import type { IncrementalConfig, WindowedSource } from '../../core/read-window.ts';
import type { Database } from '../../pg/connect.ts';
import { databaseError } from '../../pg/database-error.ts';
import { quoteLiteral } from '../../pg/identifier.ts';
import { beginReadOnly } from '../../pg/transaction.ts';
import type { Column } from './relation.ts';
import { fromItem, qualified, where, type SelectPlan } from './select.ts';
import { cursorColumn, lagText, type CursorCandidate } from '../sql/cursor.ts';
import { largestCursor, type CursorRows, type SqlCursor } from '../sql/window.ts';

type Selected = Pick<SelectPlan, 'from' | 'key' | 'conditions'>;

interface Rows extends Selected {
  /** For messages. */
  readonly name: string;
}

const timeType = /^(?:timestamp|date\b)/;
const numberType = /^(?:smallint|integer|bigint|numeric|real|double precision)\b/;
const undefinedFunction = '42883';

/** Learns whether a column can be a cursor, and its lag. @throws BatchlineError `bad_cursor`, `bad_lag` */
export async function learnCursor(
  client: Client,
  rows: Selected,
  { name, sqlType, isNotNull }: Column,
  config: IncrementalConfig,
): Promise<SqlCursor> {
  const column = qualified(rows, name);
  const kind = kindOf(await typeOfLargest(client, rows, column));
  return { ...cursorColumn({ name, sqlType, kind }, config), column, isNotNull, quoteLiteral };
}

function kindOf(type: string): CursorCandidate['kind'] {
  if (timeType.test(type)) return 'time';
  return numberType.test(type) ? 'number' : null;
}

/** The type behind domains; empty where values of the column have no order. */
async function typeOfLargest(client: Client, rows: Selected, column: string): Promise<string> {
  await client.query(beginReadOnly);
  try {
    const found = await client.query<{ type: string }>(
      `SELECT pg_catalog.pg_typeof(max(${column}))::text AS type FROM ${fromItem(rows)} WHERE false`,
    );
    return found.rows[0]?.type ?? '';
  } catch (error) {
    if (errorCode(error) !== undefinedFunction) throw error;
    return '';
  } finally {
    await client.query('ROLLBACK');
  }
}

/** The window of a source; `warn` is told of a cursor that lies in the future. */
export function windowedSource(
  database: Database,
  rows: Rows,
  cursor: SqlCursor,
  warn: (message: string) => void,
): WindowedSource {
  return {
    column: cursor.name,
    lag: lagText(cursor.lag),
    async fixWindow(low, signal) {
      try {
        await using connection = await database.connect(signal);
        const { client } = connection;
        await client.query(beginReadOnly);
        const high = await largestCursor(cursorRows(client, rows), cursor, warn);
        await client.query('COMMIT');
        return { low, high };
      } catch (error) {
        signal.throwIfAborted();
        throw databaseError(error, database.where, `read ${rows.name}`);
      }
    },
  };
}

function cursorRows(client: Client, rows: Rows): CursorRows {
  return {
    name: rows.name,
    key: rows.key.map(({ name }) => ({ name, column: qualified(rows, name) })),
    async first(columns, condition) {
      const conditions = [...rows.conditions, ...(condition === undefined ? [] : [condition])];
      const text = `SELECT ${columns.join(', ')} FROM ${fromItem(rows)} ${where(conditions)} LIMIT 1`;
      return (await client.query<unknown[]>({ text, rowMode: 'array' })).rows[0];
    },
  };
}
