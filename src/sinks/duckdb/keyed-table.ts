import type { ColumnPlan } from '../../core/sink.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { KeyedTable } from '../keys/key-collisions.ts';
import type { Key } from '../keys/loaded-keys.ts';
import { areAllUsual, usualKeys, type UsualKind } from '../keys/usual-keys.ts';
import { askByKey } from './ask-by-key.ts';
import type { DuckFile } from './duck-file.ts';
import type { LoadPlan } from './load-plan.ts';

const integers = /^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;

/** @param source what is known of the keys that come */
export function keyedTable(file: DuckFile, plan: LoadPlan, source: readonly ColumnPlan[]): KeyedTable {
  const columns = plan.columns.slice(0, plan.keyCount);
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const kinds = columns.map(({ type }) => kindOf(type.declared, plan));
  return {
    // DuckDB takes no notice of case.
    name: `${quoteTable(plan.table)} (${names.join(', ')})`.toLowerCase(),
    areUsual: usualKeys(kinds),
    areAllUsual: areAllUsual(kinds, source),
    standing: (keys) => standing(file, plan, keys),
  };
}

function kindOf(declared: string, { collates }: LoadPlan): UsualKind | null {
  if (integers.test(declared)) return 'integer';
  if (declared === 'VARCHAR' && !collates) return 'text';
  return declared === 'UUID' ? 'uuid' : null;
}

async function standing(
  file: DuckFile,
  plan: LoadPlan,
  keys: readonly Key[],
): Promise<ReadonlyMap<number, Key>> {
  const columns = plan.columns.slice(0, plan.keyCount);
  const texts = columns.map(({ name }) => `CAST(target.${quoteIdentifier(name)} AS VARCHAR)`);
  const found = await file.write((session) =>
    askByKey<[number, ...string[]]>(session, plan, keys, ['asked.place', ...texts].join(', ')),
  );
  return new Map(found.map(([place, ...key]) => [place, key]));
}
