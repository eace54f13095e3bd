import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { vectorIndexes } from './deferred-indexes.ts';
import { checkCreateRight } from './privileges.ts';
import { fault } from './target-checks.ts';
import type { Target } from './target.ts';

/**
 * Whether the target's vector indexes can be dropped and built again; where there are none, nothing is asked.
 *
 * @throws BatchlineError `indexes_partitioned`, `not_owner` or `privilege_missing`
 */
export async function checkDeferring(client: ClientBase, target: Target): Promise<void> {
  if ((await vectorIndexes(client, target)).length === 0) return;
  if (target.relationKind === 'p')
    throw fault(
      'indexes_partitioned',
      target,
      'is partitioned, and its vector indexes cannot be deferred',
      'Take `indexes` out, or load each partition by itself.',
    );
  const { rows } = await client.query<{ user: string; isOwner: boolean }>(
    `SELECT current_user::text AS user, pg_catalog.pg_has_role(relowner, 'USAGE') AS "isOwner"
     FROM pg_catalog.pg_class WHERE oid = $1`,
    [target.oid],
  );
  const [row] = rows;
  if (row?.isOwner === false)
    throw fault(
      'not_owner',
      target,
      `is not ${row.user}'s own, and only its owner may drop and build its indexes`,
      `ALTER TABLE ${quoteTable(target.name)} OWNER TO ${quoteIdentifier(row.user)}, or take \`indexes: defer\` out.`,
    );
  await checkCreateRight(client, target.name.schema ?? 'public');
}
