import type { Client } from 'pg';
import { didYouMean } from '../../core/did-you-mean.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { CountOptions, OpenedSource, ReadOptions, SourceContext } from '../../core/source.ts';
import type { Field } from '../../core/value.ts';
import { openDatabase, type Database } from '../../pg/connect.ts';
import { databaseError } from '../../pg/database-error.ts';
import { displayTable } from '../../pg/identifier.ts';
import { tableId } from '../../pg/table-id.ts';
import { beginReadOnly } from '../../pg/transaction.ts';
import { readPartitions } from './partitions.ts';
import { learnQuery } from './query.ts';
import { defaultPaging, readRows, type Paging, type ReadPlan } from './read.ts';
import { learnRelation, type Column, type UniqueKey } from './relation.ts';
import { readingOrder, type ReadingOrder } from './reading-order.ts';
import { fromItem, where, type SelectPlan } from './select.ts';
import { windowConditions, type SqlCursor } from '../sql/window.ts';
import { learnCursor, windowedSource } from './window.ts';
import type { PostgresSourceConfig } from './config.ts';

/** What is known of the rows' origin before any of them is read. */
export interface Origin {
  /** For messages. */
  readonly name: string;
  readonly from: SelectPlan['from'];
  readonly conditions: readonly string[];
  readonly columns: readonly Column[];
  readonly uniqueKeys: readonly UniqueKey[];
}

interface Opened {
  readonly database: Database;
  readonly origin: Origin;
  /** The columns on offer, and the key's. */
  readonly columns: readonly Column[];
  readonly key: readonly Column[];
  readonly tableId: string | undefined;
  /** Null where every run reads all rows. */
  readonly cursor: SqlCursor | null;
  readonly warn: SourceContext['warn'];
  readonly reading: ReadingOrder;
  /** In how many ranges the table is read. */
  readonly partitions: number;
  readonly mayBeMisencoded: boolean;
  readonly paging: Paging;
}

/** Opens the source; `paging` is a parameter for tests that need small pages. */
export async function openPostgres(
  config: PostgresSourceConfig,
  context: SourceContext,
  paging: Paging = defaultPaging,
): Promise<OpenedSource> {
  checkConfig(config, context);
  const { stateDir, signal } = context;
  const database = await openDatabase(config.url, { stateDir, role: 'source', signal });
  try {
    return openedSource(await learn(database, config, context, paging));
  } catch (error) {
    await database[Symbol.asyncDispose]();
    signal.throwIfAborted();
    throw databaseError(error, database.where, `read ${config.table ?? 'the query'}`);
  }
}

function checkConfig({ table, query, where }: PostgresSourceConfig, { key }: SourceContext): void {
  if ((table === undefined) === (query === undefined))
    fail('bad_source', 'source needs either table or query', 'Keep one of the two.');
  if (query !== undefined && where !== undefined)
    fail('bad_source', 'source.where goes with table', 'Write the condition into the query.');
  if (key.length === 0)
    fail('missing_key', 'source.key is missing', 'Name the column that identifies a row.');
}

function fail(code: string, message: string, hint: string): never {
  throw new BatchlineError(code, message, { hint });
}

async function learn(
  database: Database,
  config: PostgresSourceConfig,
  context: SourceContext,
  paging: Paging,
): Promise<Opened> {
  await using connection = await database.connect(context.signal);
  const { client } = connection;
  await client.query(beginReadOnly);
  const origin = await learnOrigin(client, config, context);
  const { rows } = await client.query<{ encoding: string }>(
    "SELECT current_setting('server_encoding') AS encoding",
  );
  await client.query('COMMIT');
  const key = context.key.map((name) => columnNamed(name, origin, 'source.key'));
  const listed = config.columns?.map((name) => columnNamed(name, origin, 'source.columns')) ?? origin.columns;
  return {
    database,
    origin,
    tableId: 'table' in origin.from ? await tableId(client, origin.from.table) : undefined,
    cursor: await cursorOf(client, { ...origin, key }, config),
    warn: (message) => context.warn(message),
    columns: [...new Set([...listed, ...key])],
    key,
    reading: await readingOrder(client, origin, key),
    partitions: config.partitions ?? 1,
    mayBeMisencoded: rows[0]?.encoding === 'SQL_ASCII',
    paging,
  };
}

async function cursorOf(
  client: Client,
  rows: Origin & Pick<Opened, 'key'>,
  { incremental }: PostgresSourceConfig,
): Promise<SqlCursor | null> {
  if (incremental === undefined) return null;
  return learnCursor(
    client,
    rows,
    columnNamed(incremental.cursor, rows, 'source.incremental.cursor'),
    incremental,
  );
}

async function learnOrigin(
  client: Client,
  config: PostgresSourceConfig,
  context: SourceContext,
): Promise<Origin> {
  const conditions = [config.where, context.where].filter((condition) => condition !== undefined);
  if (config.query !== undefined) {
    const columns = await learnQuery(client, config.query);
    return { name: 'the query', from: { query: config.query }, conditions, columns, uniqueKeys: [] };
  }
  const { name, columns, uniqueKeys } = await learnRelation(client, config.table ?? '');
  return { name: displayTable(name), from: { table: name }, conditions, columns, uniqueKeys };
}

function columnNamed(name: string, { name: origin, columns }: Origin, where: string): Column {
  const column = columns.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  const names = columns.map((candidate) => candidate.name);
  throw new BatchlineError('unknown_column', `${origin} has no column "${name}"`, {
    where,
    hint: didYouMean(name, names),
  });
}

function openedSource(opened: Opened): OpenedSource {
  const { database, origin, columns, key, cursor, warn } = opened;
  const { keyIsUnique, isPaged, fingerprint } = opened.reading;
  if (opened.partitions > 1 && !isPaged) throw notPartitioned(origin.name, key);
  return {
    fields: columns.map(fieldOf),
    keyFields: key.map(fieldOf),
    keyIsUnique,
    resumable: isPaged,
    fingerprint,
    badRecords: 0,
    tableId: opened.tableId,
    ...(cursor === null ? {} : { incremental: windowedSource(database, { ...origin, key }, cursor, warn) }),
    ...('table' in origin.from ? { count: (options) => countRows(opened, options) } : {}),
    read: (options) => readTable(opened, readPlan(opened, options), options),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** A part of the table is read in the key's order, so that it is the same part each time. */
function readTable({ database, partitions }: Opened, plan: ReadPlan, options: ReadOptions) {
  return partitions > 1 && options.limit === undefined
    ? readPartitions(database, plan, partitions, options)
    : readRows(database, plan, options);
}

async function countRows(
  { database, origin, cursor }: Opened,
  { window, signal, withinMs }: CountOptions,
): Promise<number> {
  const conditions = conditionsOf(origin, cursor, window);
  try {
    await using connection = await database.connect(signal);
    const { client } = connection;
    await client.query(beginReadOnly);
    await client.query(`SET LOCAL statement_timeout = ${withinMs}`);
    const counted = `SELECT count(*) AS rows FROM ${fromItem(origin)} ${where(conditions)}`;
    const { rows } = await client.query<{ rows: string }>(counted);
    await client.query('COMMIT');
    return Number(rows[0]?.rows);
  } catch (error) {
    signal.throwIfAborted();
    throw databaseError(error, database.where, `count the rows of ${origin.name}`);
  }
}

function conditionsOf(
  { conditions }: Origin,
  cursor: SqlCursor | null,
  window: ReadOptions['window'],
): readonly string[] {
  return window === undefined || cursor === null
    ? conditions
    : [...conditions, ...windowConditions(cursor, window)];
}

function notPartitioned(origin: string, key: readonly Column[]): BatchlineError {
  const names = key.map(({ name }) => name).join(', ');
  return new BatchlineError('not_partitioned', `${origin} cannot be read in ranges of its key`, {
    where: 'source.partitions',
    hint: `Create a unique index on ${names}, of columns that are NOT NULL, or take \`partitions\` out.`,
    exitCode: 2,
  });
}

function readPlan(opened: Opened, { fields, window }: ReadOptions): ReadPlan {
  const { origin, columns, key, cursor, reading, mayBeMisencoded, paging } = opened;
  const { order, isPaged } = reading;
  const wanted = fields.map((name) => columnNamed(name, { ...origin, columns }, 'source.columns'));
  const copied = [...new Set([...key, ...wanted].map((column) => column.name))];
  const conditions = conditionsOf(origin, cursor, window);
  return {
    select: { from: origin.from, columns: copied, key, conditions, order },
    layout: {
      fields: wanted.map(fieldOf),
      types: wanted.map((column) => column.type),
      columns: wanted.map((column) => copied.indexOf(column.name)),
      columnCount: copied.length,
      key: key.map(({ name }) => ({ name, column: copied.indexOf(name) })),
      isResumable: isPaged,
      origin: origin.name,
    },
    nullableKey: key.filter((column) => !column.isNotNull).map((column) => column.name),
    isPaged,
    mayBeMisencoded,
    paging,
  };
}

function fieldOf({ name, sqlType, type }: Column): Field {
  return { name, kind: type.kind, sqlType };
}
