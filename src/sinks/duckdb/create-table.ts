import { BatchlineError } from '../../core/errors.ts';
import type { ColumnPlan, SinkContext } from '../../core/sink.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { quoteIdentifier, quoteTable, type TableName } from '../../pg/identifier.ts';
import { requestHashColumn } from './load-plan.ts';

export interface NewTable {
  readonly name: TableName;
  /** The types of DuckDB of the key's columns, then of the values'. */
  readonly types: readonly string[];
  readonly hasKey: boolean;
  readonly keepsHash: boolean;
}

/** `CREATE TABLE` for what the pipeline fills. */
export function createTable({ name, types, hasKey, keepsHash }: NewTable, context: SinkContext): string {
  const plans = [...context.key, ...context.columns];
  const columns = plans.map((column, index) => {
    const constraint = hasKey && index < context.key.length ? ' NOT NULL' : '';
    return `${quoteIdentifier(column.name)} ${types[index] ?? 'VARCHAR'}${constraint}`;
  });
  const isNamed = plans.some((column) => column.name.toLowerCase() === requestHashColumn);
  if (keepsHash && !isNamed) columns.push(`${quoteIdentifier(requestHashColumn)} VARCHAR`);
  const key = context.key.map((column) => quoteIdentifier(column.name)).join(', ');
  if (hasKey) columns.push(`PRIMARY KEY (${key})`);
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(name)} (${columns.join(', ')})`;
}

/**
 * The types that a created table gets. What DuckDB has no type for (an enum of Postgres, an address) is kept as text.
 *
 * @param translate the type of DuckDB for one that a source or a pipeline names
 */
export async function typesFor(
  session: DuckSession,
  context: SinkContext,
  translate: (sqlType: string) => string,
): Promise<readonly string[]> {
  const types: string[] = [];
  for (const column of [...context.key, ...context.columns]) {
    const type = translate(column.sqlType);
    checkType(column, type);
    types.push((await exists(session, type)) ? type : textInstead(column, context));
  }
  return types;
}

/** A type is a name with modifiers; whatever else stands there must not become part of the statement. */
function checkType({ name, sqlType }: ColumnPlan, type: string): void {
  if (/^[\w\s"'().,[\]\u0080-\uffff]+$/.test(type)) return;
  throw new BatchlineError('bad_column_type', `"${sqlType}" is not an SQL type`, {
    where: name,
    hint: 'Write a type as in CREATE TABLE: VARCHAR, DECIMAL(10,2), FLOAT[1536].',
  });
}

async function exists(session: DuckSession, type: string): Promise<boolean> {
  try {
    await session.check(`SELECT NULL::${type}`);
    return true;
  } catch {
    return false;
  }
}

function textInstead({ name, sqlType }: ColumnPlan, context: SinkContext): string {
  context.warn(`DuckDB has no type ${sqlType}: column "${name}" is created as VARCHAR`);
  return 'VARCHAR';
}
