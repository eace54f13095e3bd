import type { ClientBase } from 'pg';
import { BatchlineError, errorCode, errorMessage } from '../../core/errors.ts';
import type { ColumnPlan, SinkContext } from '../../core/sink.ts';
import { displayTable, quoteIdentifier, quoteTable, type TableName } from '../../pg/identifier.ts';
import { checkPgvectorTypes } from './pgvector-types.ts';
import { requestHashColumn } from './request-hash.ts';

/** `CREATE TABLE` for what the pipeline fills: the key as primary key, the values, and the request's hash. */
function createTable(name: TableName, context: SinkContext): string {
  const columns = [
    ...context.key.map((column) => `${definition(column)} NOT NULL`),
    ...context.columns.map(definition),
  ];
  const named = [...context.key, ...context.columns].map((column) => column.name);
  if (!named.includes(requestHashColumn)) columns.push(`${quoteIdentifier(requestHashColumn)} text`);
  const key = context.key.map((column) => quoteIdentifier(column.name)).join(', ');
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(name)} (${columns.join(', ')}, PRIMARY KEY (${key}))`;
}

function definition({ name, sqlType }: ColumnPlan): string {
  // A type is a name with modifiers; whatever else stands there must not become part of the statement.
  if (!/^[\w\s"().,[\]$\u0080-\uffff]+$/.test(sqlType))
    throw new BatchlineError('bad_column_type', `"${sqlType}" is not an SQL type`, {
      where: name,
      hint: 'Write a type as in CREATE TABLE: text, numeric(10,2), vector(1536).',
    });
  return `${quoteIdentifier(name)} ${sqlType}`;
}

/**
 * Creates the table in an open transaction.
 *
 * @throws BatchlineError `bad_column_type`, `extension_missing` or `unknown_type`
 */
export async function createMissingTable(
  client: ClientBase,
  name: TableName,
  context: SinkContext,
): Promise<void> {
  const statement = createTable(name, context);
  await checkPgvectorTypes(client, context);
  try {
    await createUnlessThere(client, statement);
  } catch (error) {
    if (errorCode(error) !== '42704') throw error;
    throw new BatchlineError('unknown_type', `cannot create ${displayTable(name)}: ${errorMessage(error)}`, {
      where: displayTable(name),
      hint: 'Correct the type in sink.columns or sink.key; a type outside of the search path needs its schema.',
      cause: error,
    });
  }
}

/** Where a table of that name would be created. @throws BatchlineError `schema_missing` */
export async function placeOf(
  client: ClientBase,
  name: TableName,
): Promise<{ schema: string; table: string }> {
  const { rows } = await client.query<{ schema: string | null }>(
    `SELECT CASE WHEN $1::text IS NULL THEN pg_catalog.current_schema()::text
       ELSE (SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname = $1::text) END AS schema`,
    [name.schema ?? null],
  );
  const schema = rows[0]?.schema ?? undefined;
  if (schema !== undefined) return { schema, table: name.table };
  throw new BatchlineError('schema_missing', `the schema of ${displayTable(name)} does not exist`, {
    where: displayTable(name),
    hint:
      name.schema === undefined
        ? 'The search path names no schema that exists and that this user may use; write schema.table.'
        : `CREATE SCHEMA ${quoteIdentifier(name.schema)}, or correct sink.table.`,
  });
}

/**
 * Runs a `CREATE ... IF NOT EXISTS` inside a transaction. Two processes that create at the same moment meet in the
 * catalog's unique index in spite of it; whoever comes second then finds the other's table.
 */
export async function createUnlessThere(client: ClientBase, statement: string): Promise<void> {
  try {
    await client.query(`SAVEPOINT creation; ${statement}; RELEASE SAVEPOINT creation`);
  } catch (error) {
    const code = errorCode(error);
    if (code !== '23505' && code !== '42P07') throw error;
    await client.query(`ROLLBACK TO SAVEPOINT creation; ${statement}`);
  }
}
