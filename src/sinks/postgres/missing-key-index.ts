import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { LoadMode } from './load-plan.ts';
import type { Target } from './target.ts';

/** Why a table has no unique index on its key, as "public.t ..." goes on, and what to do. */
export interface Advice {
  readonly problem: string;
  readonly hint: string;
}

interface Facts {
  /** The columns that the table and its partitions are parted by. */
  readonly partitionColumns: readonly string[];
  /** How a table of them is parted, where that is by an expression. */
  readonly partitionExpression: string | null;
  /** A partition that is a foreign table. */
  readonly foreignPartition: string | null;
  /** Where the user may not create an index, who may. */
  readonly owner: string | null;
  /** An index on the key that ON CONFLICT cannot take, and why. */
  readonly near: { readonly name: string; readonly fault: string } | null;
}

const selectFacts = `
  WITH parted AS (
    SELECT c.oid, c.relkind, c.relname, p.partattrs, pg_catalog.pg_get_partkeydef(c.oid) AS definition
    FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = c.oid
    WHERE c.oid = $1::oid OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree($1::oid::regclass)))
  SELECT
    array(SELECT DISTINCT a.attname::text FROM parted
      JOIN pg_catalog.pg_attribute a ON a.attrelid = parted.oid AND a.attnum = ANY (partattrs::int2[])
      ORDER BY 1) AS "partitionColumns",
    (SELECT definition FROM parted WHERE 0 = ANY (partattrs::int2[]) LIMIT 1) AS "partitionExpression",
    (SELECT relname::text FROM parted WHERE relkind = 'f' LIMIT 1) AS "foreignPartition",
    (SELECT pg_catalog.pg_get_userbyid(relowner)::text FROM pg_catalog.pg_class
      WHERE oid = $1::oid AND NOT pg_catalog.pg_has_role(relowner, 'USAGE')) AS owner,
    (SELECT json_build_object('name', c.relname, 'fault', CASE WHEN NOT (i.indisvalid AND i.indisready) THEN 'is not valid'
        WHEN NOT i.indimmediate THEN 'is deferrable' ELSE 'is on a part of the rows' END)
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      WHERE i.indrelid = $1::oid AND i.indisunique AND i.indexprs IS NULL AND i.indnkeyatts = cardinality($2::text[])
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid
          AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]) AND a.attname <> ALL ($2::text[]))
      LIMIT 1) AS near`;

const needs: Readonly<Record<LoadMode, string>> = {
  upsert: 'which mode: upsert needs',
  update: 'without which mode: update could write one answer into many rows',
  insert: 'which it needs',
};

/** The statement that makes the index, where the server would carry it out; else why it cannot, and a way around. */
export async function missingKeyIndex(
  client: ClientBase,
  target: Target,
  key: readonly string[],
  mode: LoadMode,
): Promise<Advice> {
  const { rows } = await client.query<Facts>(selectFacts, [target.oid, key]);
  const facts = rows[0] as Facts;
  const why = impossible(facts, target, key);
  const columns = key.join(', ');
  const other = mode === 'upsert' ? 'fill another table, or use mode: insert' : 'fill another table';
  if (why !== null)
    return {
      problem: `has no unique index on exactly (${columns}), ${needs[mode]}, and can have none: ${why.fault}`,
      hint: why.remedy === null ? sentence(other) : `${why.remedy}. Or ${other}.`,
    };
  const near = facts.near === null ? '' : ` ("${facts.near.name}" ${facts.near.fault})`;
  const by = facts.owner === null ? '' : `Its owner, ${facts.owner}, may do it: `;
  return {
    problem: `has no unique index on exactly (${columns})${near}, ${needs[mode]}`,
    hint: by + createIndex(target, key),
  };
}

interface Impossible {
  readonly fault: string;
  readonly remedy: string | null;
}

function impossible(facts: Facts, target: Target, key: readonly string[]): Impossible | null {
  const { partitionColumns, partitionExpression, foreignPartition } = facts;
  if (partitionExpression !== null)
    return {
      fault: `it is partitioned by an expression, ${partitionExpression}, and no unique index can hold that`,
      remedy: null,
    };
  if (foreignPartition !== null)
    return { fault: `its partition "${foreignPartition}" is a foreign table`, remedy: null };
  // A table without an order of its key has no index by it; with all of them named, only a type can be the reason.
  if (target.keyOrder === null)
    return { fault: 'a column of these has a type without an order', remedy: 'Name another key in sink.key' };
  const missing = partitionColumns.filter((name) => !key.includes(name));
  if (missing.length === 0) return null;
  return {
    fault: `it is partitioned by ${partitionColumns.join(', ')}, and each unique index of such a table has to hold that too`,
    remedy: `Add ${missing.join(', ')} to source.key and sink.key, with an index on all of them: ${createIndex(target, [...key, ...missing])}`,
  };
}

function createIndex({ name }: Target, columns: readonly string[]): string {
  return `CREATE UNIQUE INDEX ON ${quoteTable(name)} (${columns.map(quoteIdentifier).join(', ')})`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
