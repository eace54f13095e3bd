import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { askByKey } from './ask-by-key.ts';
import { isKey, type LoadPlan } from './load-plan.ts';
import { requestHashColumn } from './request-hash.ts';

/** For each key, whether the table holds it with this hash. */
export async function findUnchanged(
  client: ClientBase,
  plan: LoadPlan,
  keys: readonly (readonly string[])[],
  hashes: readonly string[],
): Promise<boolean[]> {
  const found = keys.map(() => false);
  const rows = await askByKey<{ place: number; hash: string | null }>(client, plan, keys, (from) =>
    selectHashes(plan, from),
  );
  for (const { place, hash } of rows) if (hash !== null && hash === hashes[place]) found[place] = true;
  return found;
}

/** What is asked is cast and the column is not, so that the key's index serves. */
function selectHashes(plan: LoadPlan, from: string): string {
  const keyColumns = plan.columns.slice(0, plan.keyCount);
  const matches = isKey(
    plan,
    keyColumns.map(({ name }) => `target.${quoteIdentifier(name)}`),
    keyColumns.map(({ type }, part) => `asked.k${part + 1}::${type.declared}`),
  );
  return `SELECT asked.place, target.${quoteIdentifier(requestHashColumn)}::text AS hash FROM ${from}
    JOIN ${quoteTable(plan.table)} AS target ON ${matches}`;
}
