import type { ClientBase } from 'pg';
import { columnType, type CatalogType, type ColumnType } from '../../pg/column-type.ts';
import { quoteTable, type TableName } from '../../pg/identifier.ts';
import { learnKeyOrder, type KeyOrder } from '../../pg/key-order.ts';
import { findKeyIndex } from './key-index.ts';

/** The table to fill, as the catalog describes it. */
export interface Target {
  readonly oid: number;
  /** With its schema, whatever the search path. */
  readonly name: TableName;
  /** `pg_class.relkind`: r is a table, p a partitioned one, f a foreign one, v a view. */
  readonly relationKind: string;
  readonly columns: ReadonlyMap<string, TargetColumn>;
  /** How it tells keys apart; null where it has not all of the key's columns, or they have no order. */
  readonly keyOrder: readonly KeyOrder[] | null;
  /** Whether a trigger may fill columns of a new row before it is checked. */
  readonly hasBeforeTrigger: boolean;
  /** The same where a row is updated. */
  readonly hasBeforeUpdateTrigger: boolean;
  /** Whether a trigger of it or of a partition, or a rule, may leave rows out without an error. */
  readonly mayLeaveOut: boolean;
  /** Whether other tables inherit from it, so that a trigger may put its rows there. */
  readonly hasHeirs: boolean;
}

export interface TargetColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly generated: boolean;
  /** `a` always, `d` by default, or empty. */
  readonly identity: string;
}

interface TableRow {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly kind: string;
  readonly has_before_trigger: boolean;
  readonly has_before_update_trigger: boolean;
  readonly may_leave_out: boolean;
  readonly has_heirs: boolean;
}

interface ColumnRow extends CatalogType {
  readonly column: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly generated: string;
  readonly identity: string;
}

/**
 * Looks the table up; null where there is none. A short name is found along the search path.
 *
 * @param key the names of the key's columns
 */
export async function findTarget(
  client: ClientBase,
  name: TableName,
  key: readonly string[],
): Promise<Target | null> {
  const { rows } = await client.query<TableRow>(selectTable, [
    name.schema ?? null,
    name.table,
    quoteTable(name),
  ]);
  const table = rows[0];
  if (table === undefined) return null;
  return {
    oid: table.oid,
    name: { schema: table.schema, table: table.table },
    relationKind: table.kind,
    columns: await findColumns(client, table.oid),
    keyOrder: await learnKeyOrder(client, table.oid, key, await findKeyIndex(client, table.oid, key)),
    hasBeforeTrigger: table.has_before_trigger,
    hasBeforeUpdateTrigger: table.has_before_update_trigger,
    mayLeaveOut: table.may_leave_out,
    hasHeirs: table.has_heirs,
  };
}

async function findColumns(client: ClientBase, oid: number): Promise<ReadonlyMap<string, TargetColumn>> {
  const { rows } = await client.query<ColumnRow>(selectColumns, [oid]);
  return new Map(rows.map((row) => [row.column, targetColumn(row)]));
}

function targetColumn(row: ColumnRow): TargetColumn {
  return {
    name: row.column,
    type: columnType(row),
    notNull: row.notNull,
    hasDefault: row.hasDefault,
    generated: row.generated !== '',
    identity: row.identity,
  };
}

/** Looked up by hand where the schema is named: `to_regclass` fails where the user may not enter it. */
const selectTable = `
  select c.oid, n.nspname::text as schema, c.relname::text as table, c.relkind::text as kind,
    coalesce(before.insert, false) as has_before_trigger, coalesce(before.update, false) as has_before_update_trigger,
    c.relkind in ('v', 'f') or c.relhasrules or c.relhassubclass or exists (
      select from pg_catalog.pg_trigger t where not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 66 <> 0
        and t.tgtype & 1 <> 0 and t.tgrelid = c.oid) as may_leave_out,
    c.relhassubclass and c.relkind <> 'p' as has_heirs
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  cross join lateral (
    select bool_or(t.tgtype & 4 <> 0) as insert, bool_or(t.tgtype & 16 <> 0) as update
    from pg_catalog.pg_trigger t
    where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 2 <> 0) as before
  where case when $1::text is null then c.oid = pg_catalog.to_regclass($3)
    else n.nspname = $1::text and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') end`;

/**
 * Domains are followed down to their base type. `format_type` with -1 names a type without its length, and the qualifier
 * is written out for all that is not built in, since the search path is not ours.
 */
const selectColumns = `
  with recursive level(num, oid, typmod, not_null, depth) as (
    select a.attnum, a.atttypid, a.atttypmod, a.attnotnull, 0
    from pg_catalog.pg_attribute a where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
    union all
    select l.num, t.typbasetype, case when t.typtypmod = -1 then l.typmod else t.typtypmod end,
      l.not_null or t.typnotnull, l.depth + 1
    from level l join pg_catalog.pg_type t on t.oid = l.oid where t.typtype = 'd'),
  base as (select distinct on (num) * from level order by num, depth desc)
  select a.attname::text as column, base.not_null as "notNull", a.atthasdef as "hasDefault",
    a.attgenerated::text as generated, a.attidentity::text as identity,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as declared,
    case when n.nspname = 'pg_catalog' then pg_catalog.format_type(t.oid, -1)
      when t.typelem <> 0 and t.typlen = -1
        then pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(e.typname) || '[]'
      else pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname) end as "castName",
    t.oid, t.typname::text as name, base.typmod,
    case when t.typinput = 'pg_catalog.array_in'::pg_catalog.regproc then t.typelem else 0 end as "elementOid",
    e.typname::text as "elementName", e.typdelim::text as delimiter,
    case when t.typtype = 'e' then
      array(select l.enumlabel::text from pg_catalog.pg_enum l where l.enumtypid = t.oid order by l.enumsortorder)
    end as labels
  from base
  join pg_catalog.pg_attribute a on a.attrelid = $1 and a.attnum = base.num
  join pg_catalog.pg_type t on t.oid = base.oid
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  left join pg_catalog.pg_type e on e.oid = t.typelem
  order by a.attnum`;
