import type { ClientBase } from 'pg';
import { BatchlineError } from '../../core/errors.ts';
import type { ColumnPlan, SinkContext } from '../../core/sink.ts';
import { quoteIdentifier } from '../../pg/identifier.ts';

const pgvectorType = /^\s*"?(vector|halfvec|sparsevec)"?\s*(?:\(|$)/i;

interface Presence {
  /** Whether a bare name finds the type. */
  readonly isFound: boolean;
  /** The schema of the extension; null where this database does not have it. */
  readonly schema: string | null;
  readonly hasType: boolean;
  readonly isAvailable: boolean;
}

const selectPresence = `
  SELECT pg_catalog.to_regtype($1) IS NOT NULL AS "isFound", n.nspname::text AS schema,
    EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.typnamespace = n.oid AND t.typname = $1) AS "hasType",
    EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'vector') AS "isAvailable"
  FROM (VALUES (1)) AS one
  LEFT JOIN pg_catalog.pg_extension e ON e.extname = 'vector'
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace`;

/**
 * Whether a table with these columns can be created as far as pgvector goes. The extension is never created here: that
 * is for the database's owner to decide.
 *
 * @throws BatchlineError `extension_missing`
 */
export async function checkPgvectorTypes(client: ClientBase, context: SinkContext): Promise<void> {
  for (const column of [...context.key, ...context.columns]) {
    const type = pgvectorType.exec(column.sqlType)?.[1]?.toLowerCase();
    if (type === undefined) continue;
    const { rows } = await client.query<Presence>(selectPresence, [type]);
    const [presence] = rows;
    if (presence === undefined || presence.isFound) continue;
    throw extensionMissing(column, type, presence);
  }
}

function extensionMissing({ name, sqlType }: ColumnPlan, type: string, presence: Presence): BatchlineError {
  const { problem, hint } = explain(sqlType, type, presence);
  const message = `column "${name}" is to be of type ${sqlType}, ${problem}`;
  return new BatchlineError('extension_missing', message, { where: `sink.columns.${name}`, hint });
}

interface Explanation {
  readonly problem: string;
  readonly hint: string;
}

function explain(sqlType: string, type: string, { schema, hasType, isAvailable }: Presence): Explanation {
  if (schema !== null && hasType)
    return {
      problem: `and the extension vector is in a schema that the search path does not name`,
      hint: `Write the type with its schema: ${quoteIdentifier(schema)}.${sqlType}.`,
    };
  if (schema !== null)
    return {
      problem: `which the extension vector of this database is too old for`,
      hint: `ALTER EXTENSION vector UPDATE; ${type} came with 0.7.0.`,
    };
  const install = isAvailable ? '' : 'Install pgvector on the server, then ';
  return {
    problem: 'and the database does not have the extension vector (pgvector)',
    hint: `${install}CREATE EXTENSION vector, as a user who may create extensions; real[] needs none.`,
  };
}
