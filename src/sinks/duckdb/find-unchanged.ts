import type { DuckSession } from '../../duckdb/session.ts';
import { quoteIdentifier } from '../../pg/identifier.ts';
import { askByKey } from './ask-by-key.ts';
import { requestHashColumn, type LoadPlan } from './load-plan.ts';

/** For each key, whether the table holds it with this hash. */
export async function findUnchanged(
  session: DuckSession,
  plan: LoadPlan,
  keys: readonly (readonly string[])[],
  hashes: readonly string[],
): Promise<boolean[]> {
  const found = keys.map(() => false);
  const select = `asked.place, target.${quoteIdentifier(requestHashColumn)} = asked.carried`;
  const rows = await askByKey<[number, boolean | null]>(session, plan, keys, select, hashes);
  for (const [place, isSame] of rows) if (isSame === true) found[place] = true;
  return found;
}
