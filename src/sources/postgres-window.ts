import type { Client } from 'pg';
import { BatchlineError, errorCode } from '../core/errors.ts';
import type { IncrementalConfig, Lag, ReadWindow, WindowedSource } from '../core/read-window.ts';
import type { Database } from '../pg/connect.ts';
import { databaseError } from '../pg/database-error.ts';
import { quoteLiteral } from '../pg/identifier.ts';
import { beginReadOnly } from '../pg/transaction.ts';
import type { Column } from './postgres-relation.ts';
import { fromItem, qualified, where, type SelectPlan } from './postgres-select.ts';

/** The column that a window is a stretch of. */
export interface CursorColumn {
  readonly name: string;
  readonly sqlType: string;
  readonly isNotNull: boolean;
  readonly isTime: boolean;
  /** Null where it is nothing. */
  readonly lag: Lag | null;
}

type Rows = Pick<SelectPlan, 'from' | 'key' | 'conditions'>;

const hourMs = 3_600_000;
const timeType = /^(?:timestamp|date\b)/;
const numberType = /^(?:smallint|integer|bigint|numeric|real|double precision)\b/;
const undefinedFunction = '42883';

/**
 * Learns whether a column can be a cursor, and its lag.
 *
 * @throws BatchlineError `bad_cursor`, `bad_lag`
 */
export async function learnCursor(
  client: Client,
  rows: Rows,
  column: Column,
  { lag }: IncrementalConfig,
): Promise<CursorColumn> {
  const type = await typeOfLargest(client, rows, column);
  const isTime = timeType.test(type);
  if (!isTime && !numberType.test(type)) {
    throw new BatchlineError('bad_cursor', `the cursor "${column.name}" is ${column.sqlType}`, {
      where: 'source.incremental.cursor',
      hint: 'Name a column of timestamps, dates or numbers that rises with each change of a row.',
    });
  }
  const { name, sqlType, isNotNull } = column;
  return { name, sqlType, isNotNull, isTime, lag: checkedLag(column, isTime, lag) };
}

/** The type behind domains; empty where values of the column have no order. */
async function typeOfLargest(client: Client, { from }: Rows, { name }: Column): Promise<string> {
  await client.query(beginReadOnly);
  try {
    const sql = `SELECT pg_catalog.pg_typeof(max(${qualified({ from }, name)}))::text AS type FROM ${fromItem({ from })} WHERE false`;
    const { rows } = await client.query<{ type: string }>(sql);
    return rows[0]?.type ?? '';
  } catch (error) {
    if (errorCode(error) !== undefinedFunction) throw error;
    return '';
  } finally {
    await client.query('ROLLBACK');
  }
}

function checkedLag({ name, sqlType }: Column, isTime: boolean, lag: Lag | undefined): Lag | null {
  if (lag === undefined) return isTime ? { ms: hourMs } : null;
  const isNothing = 'ms' in lag ? lag.ms === 0 : lag.amount === 0;
  if (isNothing) return null;
  if ('ms' in lag === isTime) return lag;
  throw new BatchlineError(
    'bad_lag',
    `the lag of ${name} (${sqlType}) must be ${isTime ? 'a duration' : 'a number'}`,
    {
      where: 'source.incremental.lag',
      hint: isTime ? 'Write it like 1h or 2d.' : 'Write a number that is subtracted from the cursor.',
    },
  );
}

/** The conditions that a window puts on the rows. */
export function windowConditions(
  from: SelectPlan['from'],
  cursor: CursorColumn,
  { low, high }: ReadWindow,
): readonly string[] {
  if (high === null) return ['false'];
  const column = qualified({ from }, cursor.name);
  const end = `${column} <= ${literal(high, cursor)}`;
  return low === null ? [end] : [`${column} > ${lessLag(literal(low, cursor), cursor.lag)}`, end];
}

function literal(text: string, { sqlType }: CursorColumn): string {
  return `${quoteLiteral(text)}::${sqlType}`;
}

/** By the database's own arithmetic: a date less an hour is the evening before, so that its whole day is read again. */
function lessLag(value: string, lag: Lag | null): string {
  if (lag === null) return value;
  return `(${value} - ${'ms' in lag ? `interval '${lag.ms} milliseconds'` : lag.amount})`;
}

/** The window of a source; `warn` is told of a cursor that lies in the future. */
export function windowedSource(
  database: Database,
  rows: Rows & { readonly name: string },
  cursor: CursorColumn,
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
        await rejectNullCursor(client, rows, cursor);
        const high = await largestCursor(client, rows, cursor, warn);
        await client.query('COMMIT');
        return { low, high };
      } catch (error) {
        signal.throwIfAborted();
        throw databaseError(error, database.where, `read ${rows.name}`);
      }
    },
  };
}

async function rejectNullCursor(
  client: Client,
  rows: Rows & { readonly name: string },
  cursor: CursorColumn,
): Promise<void> {
  if (cursor.isNotNull) return;
  const key = await keyWhere(client, rows, `${qualified(rows, cursor.name)} IS NULL`);
  if (key === null) return;
  throw new BatchlineError(
    'null_cursor',
    `the cursor "${cursor.name}" of ${rows.name} is null in the row ${key}`,
    {
      where: 'source.incremental.cursor',
      hint: `Give every row a value, as with ALTER COLUMN ... SET NOT NULL, or leave such rows out with where: "${cursor.name} is not null".`,
    },
  );
}

async function largestCursor(
  client: Client,
  rows: Rows & { readonly name: string },
  cursor: CursorColumn,
  warn: (message: string) => void,
): Promise<string | null> {
  const largest = `max(${qualified(rows, cursor.name)})`;
  const isAhead = cursor.isTime ? `${largest} > now() + interval '1 day'` : 'false';
  const found = await client.query<{ high: string | null; ahead: boolean | null }>(
    `SELECT ${largest}::text AS high, ${isAhead} AS ahead FROM ${fromItem(rows)} ${where(rows.conditions)}`,
  );
  const { high = null, ahead = false } = found.rows[0] ?? {};
  if (high !== null && /^(?:infinity|nan)$/i.test(high)) await rejectEndless(client, rows, cursor, high);
  if (ahead === true) {
    warn(
      `${cursor.name} of ${rows.name} reaches ${high}, which lies ahead: rows that change before then with earlier values will not be seen. Correct those rows.`,
    );
  }
  return high;
}

/** Nothing would ever lie above it. */
async function rejectEndless(
  client: Client,
  rows: Rows & { readonly name: string },
  cursor: CursorColumn,
  high: string,
): Promise<never> {
  const key = await keyWhere(client, rows, `${qualified(rows, cursor.name)} = ${literal(high, cursor)}`);
  throw new BatchlineError(
    'endless_cursor',
    `the cursor "${cursor.name}" of ${rows.name} is ${high} in the row ${key ?? ''}`.trimEnd(),
    { where: 'source.incremental.cursor', hint: 'Correct that row: no later change could lie above it.' },
  );
}

/** One row that the condition holds for, as `id = 7`; null where there is none. */
async function keyWhere(client: Client, rows: Rows, condition: string): Promise<string | null> {
  const columns = rows.key.map(({ name }, part) => `${qualified(rows, name)}::text AS k${part}`);
  const found = await client.query<Record<string, string | null>>(
    `SELECT ${columns.join(', ')} FROM ${fromItem(rows)} ${where([...rows.conditions, condition])} LIMIT 1`,
  );
  const [row] = found.rows;
  if (row === undefined) return null;
  return rows.key.map(({ name }, part) => `${name} = ${row[`k${part}`] ?? 'null'}`).join(', ');
}

const units: readonly (readonly [string, number])[] = [
  ['d', 24 * hourMs],
  ['h', hourMs],
  ['m', 60_000],
  ['s', 1000],
];

function lagText(lag: Lag | null): string | null {
  if (lag === null) return null;
  if ('amount' in lag) return String(lag.amount);
  const [unit, ms] = units.find(([, each]) => lag.ms % each === 0) ?? ['ms', 1];
  return `${lag.ms / ms}${unit}`;
}
