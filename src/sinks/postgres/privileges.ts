import type { ClientBase } from 'pg';
import { BatchlineError } from '../../core/errors.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { LoadMode } from './load-plan.ts';
import type { Target } from './target.ts';
import { fault } from './target-checks.ts';

interface Rights {
  readonly user: string;
  readonly database: string;
  readonly temporary: boolean;
  readonly usage: boolean;
}

const selectRights = `
  SELECT current_user::text AS user, current_database()::text AS database,
    has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
    has_schema_privilege($1, 'USAGE') AS usage`;

/** Whether the user may stage rows and, in `schema`, see tables. @throws BatchlineError `privilege_missing` */
export async function checkStagingRights(client: ClientBase, schema: string): Promise<void> {
  const { rows } = await client.query<Rights>(selectRights, [schema]);
  const rights = rows[0];
  if (rights === undefined) return;
  if (!rights.usage) throw missing(rights.user, 'USAGE', `schema ${quoteIdentifier(schema)}`);
  if (!rights.temporary)
    throw missing(
      rights.user,
      'TEMPORARY',
      `database ${quoteIdentifier(rights.database)}`,
      'create temporary tables in',
    );
}

/** @throws BatchlineError `privilege_missing` */
export async function checkCreateRight(client: ClientBase, schema: string): Promise<void> {
  const { rows } = await client.query<{ user: string; allowed: boolean }>(
    `SELECT current_user::text AS user, has_schema_privilege($1, 'CREATE') AS allowed`,
    [schema],
  );
  const right = rows[0];
  if (right?.allowed === false)
    throw missing(right.user, 'CREATE', `schema ${quoteIdentifier(schema)}`, 'create tables in');
}

const privilegesOf: Readonly<Record<LoadMode, readonly string[]>> = {
  upsert: ['SELECT', 'INSERT', 'UPDATE'],
  insert: ['SELECT', 'INSERT'],
  update: ['SELECT', 'UPDATE'],
};

/**
 * SELECT for staging, for finding rows and for reading hashes, and what the mode writes by; on the table or on each
 * column. An update writes no key.
 *
 * @param columns the key's first
 */
export async function checkTableRights(
  client: ClientBase,
  target: Target,
  columns: readonly string[],
  { mode, keyCount }: { readonly mode: LoadMode; readonly keyCount: number },
): Promise<void> {
  for (const privilege of privilegesOf[mode]) {
    const concerned = mode === 'update' && privilege === 'UPDATE' ? columns.slice(keyCount) : columns;
    const { rows } = await client.query<{ user: string; allowed: boolean }>(selectTableRight, [
      target.oid,
      privilege,
      concerned,
    ]);
    const right = rows[0];
    if (right?.allowed !== false) continue;
    const few = mode === 'update' ? ` (${concerned.map(quoteIdentifier).join(', ')})` : '';
    throw missing(right.user, `${privilege}${few}`, quoteTable(target.name));
  }
}

/** @throws BatchlineError `privilege_missing` */
export async function checkDeleteRight(client: ClientBase, target: Target): Promise<void> {
  const { rows } = await client.query<{ user: string; allowed: boolean }>(
    `SELECT current_user::text AS user, has_table_privilege($1::oid, 'DELETE') AS allowed`,
    [target.oid],
  );
  const right = rows[0];
  if (right?.allowed === false) throw missing(right.user, 'DELETE', quoteTable(target.name));
}

const selectTableRight = `
  SELECT current_user::text AS user, has_table_privilege($1::oid, $2) OR
    (SELECT bool_and(has_column_privilege($1::oid, name, $2)) FROM unnest($3::text[]) AS name) AS allowed`;

function missing(user: string, privilege: string, object: string, doing?: string): BatchlineError {
  const what = doing === undefined ? `lacks ${privilege} on ${object}` : `may not ${doing} ${object}`;
  const grantee = object.startsWith('schema') || object.startsWith('database') ? object : `TABLE ${object}`;
  return new BatchlineError('privilege_missing', `user ${user} ${what}`, {
    where: object,
    hint: `GRANT ${privilege} ON ${grantee.replace(/^(schema|database)/, (word) => word.toUpperCase())} TO ${quoteIdentifier(user)}`,
  });
}

const commandsOf: Readonly<Record<LoadMode, readonly string[]>> = {
  upsert: ['r', 'a', 'w'],
  insert: ['a'],
  update: ['r', 'w'],
};

const commandNames: Readonly<Record<string, string>> = { r: 'SELECT', a: 'INSERT', w: 'UPDATE' };

/**
 * Under row security a command without a permissive policy sees and writes nothing.
 *
 * @returns whether row security is in force, so that rows may be refused one by one
 * @throws BatchlineError `row_security` where no row can pass
 */
export async function checkRowSecurity(client: ClientBase, target: Target, mode: LoadMode): Promise<boolean> {
  const needed = commandsOf[mode];
  const { rows } = await client.query<{ active: boolean; without: readonly string[] }>(selectRowSecurity, [
    target.oid,
    needed,
  ]);
  const { active = false, without = [] } = rows[0] ?? {};
  if (!active) return false;
  if (without.length === 0) return true;
  const commands = without.map((command) => commandNames[command] ?? command).join(', ');
  throw fault(
    'row_security',
    target,
    `has row security, and no policy lets this user ${commands}`,
    'CREATE POLICY for this user, or load as the owner or as a user with BYPASSRLS.',
  );
}

const selectRowSecurity = `
  SELECT row_security_active($1::oid) AS active,
    array(SELECT command FROM unnest($2::text[]) AS command WHERE NOT EXISTS (
      SELECT FROM pg_catalog.pg_policy p
      WHERE p.polrelid = $1::oid AND p.polpermissive AND p.polcmd::text IN ('*', command)
        AND EXISTS (SELECT FROM unnest(p.polroles) AS role
          WHERE CASE WHEN role = 0 THEN true ELSE pg_has_role(role, 'MEMBER') END))) AS without`;
