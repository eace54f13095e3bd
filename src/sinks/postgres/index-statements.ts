import { quoteIdentifier, quoteLiteral, quoteTable, type TableName } from '../../pg/identifier.ts';

/**
 * The access methods whose indexes are worth dropping around a large load: to build one anew is many times cheaper than
 * to insert every row into it. pgvector's, by their names in pg_am.
 */
export const deferrableMethods = ['hnsw', 'ivfflat'] as const;

/** An index as it is to be built again. */
export interface IndexDefinition {
  readonly name: string;
  /** `CREATE INDEX`, with every name qualified where `qualifyAll` is in force. */
  readonly definition: string;
  /** Null for the database's own. `CREATE INDEX` as the server prints it does not name it. */
  readonly tablespace: string | null;
  readonly comment: string | null;
}

/** Makes the server print all names with their schemas, so that a definition means the same on any search path. */
export const qualifyAll = 'SET LOCAL search_path = pg_catalog';

/** The indexes of table `$1` by one of the methods `$2`, those of constraints and unfinished ones left out. */
export const selectIndexes = `
  SELECT i.relname::text AS name, pg_catalog.pg_get_indexdef(i.oid) AS definition,
    s.spcname::text AS tablespace, pg_catalog.obj_description(i.oid, 'pg_class') AS comment
  FROM pg_catalog.pg_index x
  JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
  JOIN pg_catalog.pg_am m ON m.oid = i.relam
  LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = i.reltablespace
  WHERE x.indrelid = $1 AND m.amname = ANY ($2::text[]) AND x.indisvalid AND x.indislive
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conindid = i.oid)
  ORDER BY i.relname`;

/** Where dropped indexes are written down: beside the target, whose schema is also that of its indexes. */
export function deferredOf(target: TableName): TableName {
  return { schema: target.schema, table: 'batchline_deferred_indexes' };
}

export function createDeferred(deferred: TableName): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(deferred)} (
    table_name text NOT NULL,
    index_name text NOT NULL,
    definition text NOT NULL,
    tablespace text,
    comment text,
    dropped_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (table_name, index_name))`;
}

/** Parameters: table, index, definition, tablespace, comment. An older entry is of an index made anew by hand since. */
export function writeDown(deferred: TableName): string {
  return `INSERT INTO ${quoteTable(deferred)} (table_name, index_name, definition, tablespace, comment)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (table_name, index_name) DO UPDATE SET definition = excluded.definition,
      tablespace = excluded.tablespace, comment = excluded.comment, dropped_at = now()`;
}

export function dropIndex(target: TableName, name: string): string {
  return `DROP INDEX ${quoteTable({ schema: target.schema, table: name })}`;
}

/** The names of table `$1`'s dropped indexes. */
export function selectDeferredNames(deferred: TableName): string {
  return `SELECT index_name AS name FROM ${quoteTable(deferred)} WHERE table_name = $1 ORDER BY index_name`;
}

/** Table `$1`'s index `$2`, for as long as the transaction lasts nobody else's to build. */
export function selectDeferred(deferred: TableName): string {
  return `SELECT index_name AS name, definition, tablespace, comment FROM ${quoteTable(deferred)}
    WHERE table_name = $1 AND index_name = $2 FOR UPDATE`;
}

/** Whether table `$1` has an index of the name `$2`. */
export const selectIsThere = `
  SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
  WHERE x.indrelid = $1 AND i.relname = $2`;

/** What builds an index as it was, in an open transaction. */
export function buildStatements(target: TableName, index: IndexDefinition): readonly string[] {
  const name = quoteTable({ schema: target.schema, table: index.name });
  const { definition, tablespace, comment } = index;
  return [
    `SET LOCAL default_tablespace = ${tablespace === null ? "''" : quoteIdentifier(tablespace)}`,
    definition,
    ...(comment === null ? [] : [`COMMENT ON INDEX ${name} IS ${quoteLiteral(comment)}`]),
  ];
}

export function forget(deferred: TableName): string {
  return `DELETE FROM ${quoteTable(deferred)} WHERE table_name = $1 AND index_name = $2`;
}
