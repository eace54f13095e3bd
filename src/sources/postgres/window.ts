import type { Client } from 'pg';
import { errorCode } from '../../core/errors.ts';
import type { IncrementalConfig, ReadWindow, WindowedSource } from '../../core/read-window.ts';
import type { Database } from '../../pg/connect.ts';
import { databaseError } from '../../pg/database-error.ts';
import { quoteLiteral } from '../../pg/identifier.ts';
import { beginReadOnly } from '../../pg/transaction.ts';
import type { Column } from './relation.ts';
import { fromItem, qualified, where, type SelectPlan } from './select.ts';
import {
  aheadWarning,
  cursorColumn,
  endlessCursor,
  isEndless,
  lagText,
  lessLag,
  nullCursor,
  type CursorCandidate,
  type CursorColumn,
} from '../sql/cursor.ts';

/** A column that windows are made of. */
export interface PostgresCursor extends CursorColumn {
  readonly isNotNull: boolean;
}

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
  column: Column,
  config: IncrementalConfig,
): Promise<PostgresCursor> {
  const { name, sqlType, isNotNull } = column;
  const kind = kindOf(await typeOfLargest(client, rows, column));
  return { ...cursorColumn({ name, sqlType, kind }, config), isNotNull };
}

function kindOf(type: string): CursorCandidate['kind'] {
  if (timeType.test(type)) return 'time';
  return numberType.test(type) ? 'number' : null;
}

/** The type behind domains; empty where values of the column have no order. */
async function typeOfLargest(client: Client, rows: Selected, { name }: Column): Promise<string> {
  await client.query(beginReadOnly);
  try {
    const found = await client.query<{ type: string }>(
      `SELECT pg_catalog.pg_typeof(max(${qualified(rows, name)}))::text AS type FROM ${fromItem(rows)} WHERE false`,
    );
    return found.rows[0]?.type ?? '';
  } catch (error) {
    if (errorCode(error) !== undefinedFunction) throw error;
    return '';
  } finally {
    await client.query('ROLLBACK');
  }
}

/** The conditions that a window puts on the rows. */
export function windowConditions(
  from: SelectPlan['from'],
  cursor: PostgresCursor,
  { low, high }: ReadWindow,
): readonly string[] {
  if (high === null) return ['false'];
  const column = qualified({ from }, cursor.name);
  const end = `${column} <= ${literal(high, cursor)}`;
  return low === null ? [end] : [`${column} > ${lessLag(literal(low, cursor), cursor.lag)}`, end];
}

function literal(text: string, { sqlType }: PostgresCursor): string {
  return `${quoteLiteral(text)}::${sqlType}`;
}

/** The window of a source; `warn` is told of a cursor that lies in the future. */
export function windowedSource(
  database: Database,
  rows: Rows,
  cursor: PostgresCursor,
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
        await rejectNull(client, rows, cursor);
        const high = await largest(client, rows, cursor, warn);
        await client.query('COMMIT');
        return { low, high };
      } catch (error) {
        signal.throwIfAborted();
        throw databaseError(error, database.where, `read ${rows.name}`);
      }
    },
  };
}

async function rejectNull(client: Client, rows: Rows, cursor: PostgresCursor): Promise<void> {
  if (cursor.isNotNull) return;
  const key = await keyWhere(client, rows, `${qualified(rows, cursor.name)} IS NULL`);
  if (key !== null) throw nullCursor(cursor, rows.name, key);
}

async function largest(
  client: Client,
  rows: Rows,
  cursor: PostgresCursor,
  warn: (message: string) => void,
): Promise<string | null> {
  const column = qualified(rows, cursor.name);
  const isAhead = cursor.isTime ? `max(${column}) > now() + interval '1 day'` : 'false';
  const found = await client.query<{ high: string | null; ahead: boolean | null }>(
    `SELECT max(${column})::text AS high, ${isAhead} AS ahead FROM ${fromItem(rows)} ${where(rows.conditions)}`,
  );
  const { high = null, ahead = false } = found.rows[0] ?? {};
  if (high === null) return null;
  if (isEndless(high)) {
    const key = await keyWhere(client, rows, `${column} = ${literal(high, cursor)}`);
    throw endlessCursor(cursor, rows.name, high, key ?? '');
  }
  if (ahead === true) warn(aheadWarning(cursor, rows.name, high));
  return high;
}

/** One row that the condition holds for, as `id = 7`; null where there is none. */
async function keyWhere(client: Client, rows: Selected, condition: string): Promise<string | null> {
  const columns = rows.key.map(({ name }, part) => `${qualified(rows, name)}::text AS k${part}`);
  const found = await client.query<Record<string, string | null>>(
    `SELECT ${columns.join(', ')} FROM ${fromItem(rows)} ${where([...rows.conditions, condition])} LIMIT 1`,
  );
  const [row] = found.rows;
  if (row === undefined) return null;
  return rows.key.map(({ name }, part) => `${name} = ${row[`k${part}`] ?? 'null'}`).join(', ');
}
