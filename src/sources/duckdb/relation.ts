import { nearestName } from '../../core/did-you-mean.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { displayTable, parseTableName, quoteTable, type TableName } from '../../pg/identifier.ts';

/** A table or view of the database file. */
export interface Relation {
  readonly name: TableName & { readonly schema: string };
  /** The column sets that the table itself keeps unique, each over columns that are never null; in lower case. */
  readonly uniqueKeys: readonly (readonly string[])[];
}

/** @throws BatchlineError `unknown_table`, with a similar name */
export async function findRelation(session: DuckSession, table: string, path: string): Promise<Relation> {
  const name = parseTableName(table);
  const schema = name.schema ?? 'main';
  const rows = await session.rows<[string]>(
    `SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = $1
     UNION ALL
     SELECT view_name FROM duckdb_views() WHERE database_name = current_database() AND schema_name = $1 AND NOT internal`,
    [schema],
  );
  const names = rows.map(([found]) => found);
  const found = names.find((candidate) => candidate.toLowerCase() === name.table.toLowerCase());
  if (found === undefined) throw unknownTable(name, names, path);
  return { name: { schema, table: found }, uniqueKeys: await findUniqueKeys(session, schema, found) };
}

function unknownTable(name: TableName, names: readonly string[], path: string): BatchlineError {
  const near = nearestName(name.table, names);
  return new BatchlineError('unknown_table', `there is no table ${displayTable(name)}`, {
    where: path,
    hint: near === undefined ? `It holds: ${names.join(', ') || 'no table'}.` : `Did you mean ${near}?`,
  });
}

interface ConstraintRow {
  readonly type: string;
  readonly columns: readonly string[];
}

async function findUniqueKeys(
  session: DuckSession,
  schema: string,
  table: string,
): Promise<readonly (readonly string[])[]> {
  const rows = await session.rows<[string, string]>(
    `SELECT constraint_type, to_json(list_transform(constraint_column_names, lambda name: lower(name)))::VARCHAR
       FROM duckdb_constraints()
      WHERE database_name = current_database() AND schema_name = $1 AND table_name = $2`,
    [schema, table],
  );
  const constraints = rows.map(([type, columns]): ConstraintRow => ({
    type,
    columns: JSON.parse(columns) as string[],
  }));
  const ofType = (type: string) => constraints.filter((row) => row.type === type).map((row) => row.columns);
  const notNull = new Set(ofType('NOT NULL').flat());
  return [
    ...ofType('PRIMARY KEY'),
    ...ofType('UNIQUE').filter((columns) => columns.every((column) => notNull.has(column))),
  ];
}

export function fromRelation({ name }: Relation): string {
  return `${quoteTable(name)} AS source`;
}
