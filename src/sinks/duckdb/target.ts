import type { DuckSession } from '../../duckdb/session.ts';
import type { TableName } from '../../pg/identifier.ts';

/** The table to fill, as DuckDB's catalog describes it. */
export interface Target {
  readonly name: TableName & { readonly schema: string };
  readonly isView: boolean;
  /** Whether any column may compare texts otherwise than as they are. */
  readonly collates: boolean;
  /** By their names in lower case: DuckDB takes no notice of case. */
  readonly columns: ReadonlyMap<string, TargetColumn>;
}

export interface TargetColumn {
  readonly name: string;
  /** `DECIMAL(10,2)`, `FLOAT[3]`. */
  readonly declared: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
}

/** Looks the table up; null where there is none. */
export async function findTarget(session: DuckSession, name: TableName): Promise<Target | null> {
  const schema = name.schema ?? 'main';
  const rows = await session.rows<[string, string, string, boolean, boolean]>(
    `SELECT table_name, column_name, data_type, NOT is_nullable, column_default IS NOT NULL
       FROM duckdb_columns()
      WHERE database_name = current_database() AND NOT internal
        AND lower(schema_name) = lower($1) AND lower(table_name) = lower($2)
      ORDER BY column_index`,
    [schema, name.table],
  );
  const [first] = rows;
  if (first === undefined) return null;
  const columns = rows.map(([, column, declared, notNull, hasDefault]): TargetColumn => {
    return { name: column, declared, notNull, hasDefault };
  });
  return {
    name: { schema, table: first[0] },
    isView: await isView(session, schema, first[0]),
    collates: await collates(session, schema, first[0]),
    columns: new Map(columns.map((column) => [column.name.toLowerCase(), column])),
  };
}

async function isView(session: DuckSession, schema: string, table: string): Promise<boolean> {
  const rows = await session.rows(
    `SELECT 1 FROM duckdb_views()
      WHERE database_name = current_database() AND lower(schema_name) = lower($1) AND view_name = $2`,
    [schema, table],
  );
  return rows.length > 0;
}

/** The catalog shows a column's collation nowhere but in the table's definition. */
async function collates(session: DuckSession, schema: string, table: string): Promise<boolean> {
  const rows = await session.rows(
    `SELECT 1 FROM duckdb_tables()
      WHERE database_name = current_database() AND lower(schema_name) = lower($1) AND table_name = $2
        AND sql ILIKE '%collate%'`,
    [schema, table],
  );
  return rows.length > 0;
}
