import { resolve } from 'node:path';
import { BatchlineError } from '../../core/errors.ts';
import type { WindowedSource } from '../../core/read-window.ts';
import type { CountOptions, OpenedSource, ReadOptions, SourceContext } from '../../core/source.ts';
import { duckdbError } from '../../duckdb/duckdb-error.ts';
import { DuckSession } from '../../duckdb/session.ts';
import type { DuckdbSourceConfig } from './config.ts';
import { warnOfRowNumberKey } from '../file/row-number.ts';
import { lagText } from '../sql/cursor.ts';
import { largestCursor, windowConditions, type SqlCursor } from '../sql/window.ts';
import { DuckdbBatch, type ResultColumn, type ResultLayout } from './duckdb-batch.ts';
import { columnNamed, learnOrigin, numberColumn, type Column, type Origin } from './learn.ts';
import { isSized, selectOf, selectSql } from './select.ts';
import { cursorRows } from './window.ts';

/**
 * Opens the source. The database is open only while something is read from it, so that others may write to it.
 *
 * A read is one pass and not resumable: DuckDB has no index that rows could be read in order by, so that each page of a
 * keyset would be another scan and sort of everything, to save a read that takes seconds.
 */
export async function openDuckdb(config: DuckdbSourceConfig, context: SourceContext): Promise<OpenedSource> {
  const place: Place = { config, context };
  const origin = await withSession(place, context.signal, (session) => learnOrigin(session, config, context));
  const source = openedSource(place, origin);
  warnOfRowNumberKey(context, source);
  return source;
}

interface Place {
  readonly config: DuckdbSourceConfig;
  readonly context: SourceContext;
}

function openSession({ config, context }: Place, signal: AbortSignal): Promise<DuckSession> {
  const { baseDir, stateDir } = context;
  const path = config.path === undefined ? null : resolve(baseDir, config.path);
  return DuckSession.open({
    path,
    isWritten: false,
    baseDir,
    stateDir,
    memoryLimit: config.memory_limit.replaceAll(' ', ''),
    signal,
  });
}

async function withSession<T>(
  place: Place,
  signal: AbortSignal,
  work: (session: DuckSession) => Promise<T>,
): Promise<T> {
  try {
    await using session = await openSession(place, signal);
    return await work(session);
  } catch (error) {
    signal.throwIfAborted();
    throw duckdbError(error, whereOf(place));
  }
}

function whereOf({ config }: Place): string {
  return config.path ?? 'source.query';
}

function openedSource(place: Place, origin: Origin): OpenedSource {
  const { config, context } = place;
  const offered = offeredColumns(config, origin);
  const key = context.key.map((name) => keyColumn(name, origin));
  const names = new Set(key.map(({ field }) => field.name.toLowerCase()));
  const isUnique = origin.uniqueKeys.some((columns) => columns.every((column) => names.has(column)));
  return {
    fields: [...new Set([...offered, ...key])].map(({ field }) => field),
    keyFields: key.map(({ field }) => field),
    keyIsUnique: isUnique || key.includes(numberColumn),
    resumable: false,
    fingerprint: origin.fingerprint,
    tableId: origin.tableId,
    files: origin.files,
    badRecords: 0,
    ...(origin.cursor === null ? {} : { incremental: windowed(place, origin, origin.cursor) }),
    count: (options) => countRows(place, origin, options),
    read: (options) => readRows(place, origin, [...new Set([...offered, ...key])], options),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function windowed(place: Place, origin: Origin, cursor: SqlCursor): WindowedSource {
  const { context } = place;
  const key = context.key.filter((name) => keyColumn(name, origin) !== numberColumn);
  return {
    column: cursor.name,
    lag: lagText(cursor.lag),
    fixWindow: (low, signal) =>
      withSession(place, signal, async (session) => ({
        low,
        high: await largestCursor(cursorRows(session, origin, key), cursor, (message) =>
          context.warn(message),
        ),
      })),
  };
}

function offeredColumns(config: DuckdbSourceConfig, { columns, name }: Origin): readonly Column[] {
  return config.columns?.map((wanted) => columnNamed(wanted, columns, name, 'source.columns')) ?? columns;
}

function keyColumn(name: string, { columns, name: origin }: Origin): Column {
  const column = columnNamed(name, columns, origin, 'source.key');
  if (column.type.keyText !== null) return column;
  throw new BatchlineError(
    'bad_key',
    `the key column "${name}" is no single value but ${column.field.sqlType}`,
    {
      where: 'source.key',
      hint: 'Choose another key, or select one of its members in the query: SELECT doc.id AS id, ...',
    },
  );
}

async function* readRows(
  place: Place,
  origin: Origin,
  offered: readonly Column[],
  { fields, limit, window, signal }: ReadOptions,
): AsyncGenerator<DuckdbBatch, void, undefined> {
  if (limit !== undefined && limit <= 0) return;
  const wanted = fields.map((name) => columnNamed(name, offered, origin.name, 'source.columns'));
  const key = place.context.key.map((name) => keyColumn(name, origin));
  const selected = [...new Set([...wanted, ...key])].filter((column) => column !== numberColumn);
  const columns = selected.map(({ field, declared }) => ({ name: field.name, declared }));
  const layout = {
    ...layoutOf(origin, wanted, key, selected),
    sizes: isSized(columns) ? columns.length : null,
  };
  const conditions = conditionsOf(origin, window);
  try {
    await using session = await openSession(place, signal);
    let record = 1;
    for await (const chunk of session.chunks(selectSql({ ...origin, columns, conditions, limit }))) {
      yield* DuckdbBatch.of(layout, chunk, record);
      record += chunk.rowCount;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw duckdbError(error, whereOf(place));
  }
}

function countRows(place: Place, origin: Origin, { window, signal }: CountOptions): Promise<number> {
  const conditions = conditionsOf(origin, window);
  return withSession(place, signal, async (session) => {
    const [row] = await session.rows<[bigint | number | string]>(
      selectOf('count(*)', { ...origin, conditions }),
    );
    return Number(row?.[0]);
  });
}

function conditionsOf({ conditions, cursor }: Origin, window: ReadOptions['window']): readonly string[] {
  return cursor === null || window === undefined
    ? conditions
    : [...conditions, ...windowConditions(cursor, window)];
}

function layoutOf(
  origin: Origin,
  wanted: readonly Column[],
  key: readonly Column[],
  selected: readonly Column[],
): Omit<ResultLayout, 'sizes'> {
  const resultColumn = (column: Column): ResultColumn => ({
    name: column.field.name,
    type: column.type,
    column: column === numberColumn ? null : selected.indexOf(column),
  });
  return {
    fields: wanted.map(({ field }) => field),
    columns: wanted.map(resultColumn),
    key: key.map(resultColumn),
    origin: origin.name,
  };
}
