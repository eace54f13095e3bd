import type { MissingKeys } from '../../core/sink.ts';
import { loadDuckdb } from '../../duckdb/load-duckdb.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { LoadPlan } from './load-plan.ts';
import { rollBack } from './row-fault.ts';
import { appendRows } from './staging.ts';

const stage = 'gone_keys';

/**
 * Deletes the target's rows whose key is none of the given ones. The transaction looks at the table before the first key
 * is asked for, so that a row which comes in meanwhile is not seen and stays.
 *
 * @returns how many rows
 */
export async function deleteMissing(
  session: DuckSession,
  plan: LoadPlan,
  { parts, batches }: MissingKeys,
): Promise<number> {
  try {
    await session.run(`BEGIN TRANSACTION; SELECT 1 FROM ${quoteTable(plan.table)} LIMIT 1`);
    await session.run(createStage(parts));
    for await (const keys of batches) await stageKeys(session, plan, keys);
    const { rowsChanged } = await session.connection.run(deleteStatement(plan, parts));
    await session.run(`DROP TABLE ${stage}; COMMIT`);
    return rowsChanged;
  } catch (error) {
    await rollBack(session);
    throw error;
  }
}

/** Tries the statements out within a transaction, deleting nothing. */
export async function rehearseDeleting(session: DuckSession, plan: LoadPlan, parts: number): Promise<void> {
  await session.run(createStage(parts));
  await session.run(`EXPLAIN ${deleteStatement(plan, parts)}`);
}

/** A key that is no value of the target's type cannot stand in it, and is left out. */
async function stageKeys(
  session: DuckSession,
  plan: LoadPlan,
  keys: readonly (readonly string[])[],
): Promise<void> {
  const cells: string[][] = keys.map(() => []);
  for (const row of (keys[0] ?? []).keys()) {
    const texts = keys.map((part, index) => plan.columns[index]?.convert(part[row] ?? ''));
    if (!texts.every((text) => typeof text === 'string')) continue;
    for (const [part, text] of texts.entries()) cells[part]?.push(text);
  }
  const { VARCHAR } = await loadDuckdb();
  await appendRows(
    session,
    stage,
    keys.map(() => VARCHAR),
    cells,
  );
}

function createStage(parts: number): string {
  const columns = Array.from({ length: parts }, (_, part) => `k${part} VARCHAR`);
  return `CREATE OR REPLACE TEMP TABLE ${stage} (${columns.join(', ')})`;
}

/** A row without a key was not loaded by this pipeline. */
function deleteStatement(plan: LoadPlan, parts: number): string {
  const columns = plan.columns.slice(0, parts);
  const names = columns.map(({ name }) => `target.${quoteIdentifier(name)}`);
  const typed = columns.map((column, part) => `TRY(${column.typed(`k${part}`)}) AS k${part}`);
  const areThere = names.map((name) => `${name} IS NOT NULL`);
  const areEqual = names.map((name, part) => `source.k${part} = ${name}`);
  return `DELETE FROM ${quoteTable(plan.table)} AS target WHERE ${areThere.join(' AND ')}
    AND NOT EXISTS (SELECT 1 FROM (SELECT ${typed.join(', ')} FROM ${stage}) AS source WHERE ${areEqual.join(' AND ')})`;
}
