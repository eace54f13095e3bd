import type { Client } from 'pg';
import { nearestName } from '../../core/did-you-mean.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { CellType } from '../../pg/cell-value.ts';
import { learnCellTypes } from '../../pg/field-type.ts';
import { displayTable, parseTableName, quoteTable, type TableName } from '../../pg/identifier.ts';

export interface Column {
  readonly name: string;
  /** As `format_type` prints it. */
  readonly sqlType: string;
  readonly type: CellType;
  /** Of a table's column that the table declares so; false for all others. */
  readonly isNotNull: boolean;
}

/** A unique index. */
export interface UniqueKey {
  /** Its oid, and its table's. */
  readonly index: number;
  readonly table: number;
  readonly columns: readonly string[];
}

/** A table, view or anything else that can be selected from by its name. */
export interface Relation {
  readonly name: TableName & { readonly schema: string };
  readonly columns: readonly Column[];
  /** What the table itself keeps unique, each over columns that are never null. */
  readonly uniqueKeys: readonly UniqueKey[];
}

interface RelationRow {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly kind: string;
  readonly has_children: boolean;
}

const readableKinds = ['r', 'v', 'm', 'f', 'p'];

/**
 * Learns a table from the catalog, inside the caller's transaction.
 *
 * @throws BatchlineError `unknown_table`, with similar names of the same schema
 */
export async function learnRelation(client: Client, table: string): Promise<Relation> {
  const name = parseTableName(table);
  const { rows } = await client.query<RelationRow>(
    `SELECT c.oid, n.nspname AS schema, c.relname AS table, c.relkind AS kind,
            c.relhassubclass AND c.relkind <> 'p' AS has_children
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind = ANY ($2)`,
    [quoteTable(name), readableKinds],
  );
  const found = rows[0];
  if (found === undefined) return unknownTable(client, name);
  return {
    name: { schema: found.schema, table: found.table },
    columns: await selectColumns(client, found.oid),
    // An index of a table does not cover the tables that inherit from it, whose rows a SELECT yields too.
    uniqueKeys: found.has_children ? [] : await selectUniqueKeys(client, found.oid),
  };
}

async function selectColumns(client: Client, oid: number): Promise<readonly Column[]> {
  const { rows } = await client.query<{ name: string; type: number; sql_type: string; not_null: boolean }>(
    `SELECT attname AS name, atttypid AS type, attnotnull AS not_null,
            pg_catalog.format_type(atttypid, atttypmod) AS sql_type
       FROM pg_catalog.pg_attribute
      WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
      ORDER BY attnum`,
    [oid],
  );
  const types = await learnCellTypes(
    client,
    rows.map((row) => row.type),
  );
  return rows.map((row) => ({
    name: row.name,
    sqlType: row.sql_type,
    type: types.get(row.type) ?? { kind: 'text' },
    isNotNull: row.not_null,
  }));
}

/**
 * Only what holds at every moment and for every row: valid, immediate, without a condition or an expression. Keys that
 * only a nondeterministic collation finds equal may lie in two partitions, each with an index of its own.
 */
async function selectUniqueKeys(client: Client, oid: number): Promise<readonly UniqueKey[]> {
  const { rows } = await client.query<UniqueKey>(
    `SELECT i.indexrelid AS index, i.indrelid AS table, array_agg(a.attname::text) AS columns
       FROM pg_catalog.pg_index i
       JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
       JOIN pg_catalog.pg_am am ON am.oid = c.relam AND am.amname = 'btree'
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate
        AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts
        AND NOT (c.relkind = 'I' AND EXISTS (SELECT FROM pg_catalog.pg_collation l
              WHERE l.oid = ANY (i.indcollation::oid[]) AND NOT l.collisdeterministic))
      GROUP BY i.indexrelid
     HAVING bool_and(a.attnotnull)`,
    [oid],
  );
  return rows;
}

async function unknownTable(client: Client, name: TableName): Promise<never> {
  const { rows } = await client.query<{ schema: string; table: string }>(
    `SELECT n.nspname AS schema, c.relname AS table
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = ANY ($1)
        AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) AND n.nspname <> 'pg_catalog'
                 ELSE n.nspname = $2 OR (c.relname = $3 AND n.nspname NOT LIKE 'pg_temp%') END`,
    [readableKinds, name.schema ?? null, name.table],
  );
  const similar = nearestName(
    name.table,
    rows.map((row) => row.table),
  );
  const match = rows.find((row) => row.table === similar);
  throw new BatchlineError('unknown_table', `there is no table ${displayTable(name)}`, {
    hint:
      match === undefined
        ? 'Check the name and the database in the URL.'
        : `Did you mean ${displayTable(name.schema === undefined ? { ...match, schema: undefined } : match)}?`,
  });
}
