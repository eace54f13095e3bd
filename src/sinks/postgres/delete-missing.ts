import type { ClientBase } from 'pg';
import type { MissingKeys } from '../../core/sink.ts';
import { CopyBuffer } from '../../pg/copy-buffer.ts';
import { encodeText } from '../../pg/copy-text-encoder.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { beginReadWrite, beginSnapshot } from '../../pg/transaction.ts';
import { copyIn, rollBack } from './copy-in.ts';
import { isKey, type LoadPlan } from './load-plan.ts';
import { checkDeleteRight } from './privileges.ts';
import { isRowFault } from './row-fault.ts';
import type { Target } from './target.ts';

const stage = 'pg_temp.batchline_keys';

/**
 * Deletes the target's rows whose key is none of the given ones. The snapshot is taken before the first key is asked
 * for, so that a row which comes in meanwhile, and whose key was not there to be read yet, is not seen and stays.
 *
 * @returns how many rows
 */
export async function deleteMissing(client: ClientBase, plan: LoadPlan, keys: MissingKeys): Promise<number> {
  try {
    await client.query(beginSnapshot);
    await client.query(createStage(plan, keys.parts));
    for await (const values of keys.batches) await stageKeys(client, plan, values.slice(0, keys.parts));
    // Without it the planner takes the table for a small one.
    await client.query(`ANALYZE ${stage}`);
    const { rowCount } = await client.query(deleteStatement(plan, keys.parts));
    await client.query('COMMIT');
    return rowCount ?? 0;
  } catch (error) {
    await rollBack(client);
    throw error;
  }
}

/** Tries the statements out, deleting nothing. @throws BatchlineError `privilege_missing` */
export async function rehearseDeleting(
  client: ClientBase,
  target: Target,
  plan: LoadPlan,
  parts: number,
): Promise<void> {
  await client.query(beginReadWrite);
  try {
    await checkDeleteRight(client, target);
    await client.query(createStage(plan, parts));
    await client.query(`EXPLAIN ${deleteStatement(plan, parts)}`);
  } finally {
    await rollBack(client);
  }
}

/** A key that is no value of the target's type, or that its encoding cannot write, cannot stand in it, and is left out. */
async function stageKeys(
  client: ClientBase,
  plan: LoadPlan,
  values: readonly (readonly string[])[],
): Promise<void> {
  const length = values[0]?.length ?? 0;
  // Not used again: the socket may still hold blocks of it.
  const buffer = new CopyBuffer();
  const columns = plan.columns.slice(0, values.length);
  encodeText({ length, columns, values, cleaner: plan.cleaner, without: new Set() }, buffer);
  try {
    await copyIn(client, `SAVEPOINT keys; COPY ${stage} FROM STDIN; RELEASE SAVEPOINT keys`, buffer);
  } catch (error) {
    if (!isRowFault(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT keys; RELEASE SAVEPOINT keys');
    if (length <= 1) return;
    const middle = Math.ceil(length / 2);
    await stageKeys(
      client,
      plan,
      values.map((part) => part.slice(0, middle)),
    );
    await stageKeys(
      client,
      plan,
      values.map((part) => part.slice(middle)),
    );
  }
}

function createStage(plan: LoadPlan, parts: number): string {
  const columns = keyColumns(plan, parts).map((name, part) => `${name} AS k${part}`);
  return `CREATE TEMPORARY TABLE batchline_keys ON COMMIT DROP AS SELECT ${columns.join(', ')} FROM ${quoteTable(plan.table)} WITH NO DATA`;
}

/** A row without a key was not loaded by this pipeline. */
function deleteStatement(plan: LoadPlan, parts: number): string {
  const names = keyColumns(plan, parts);
  const areThere = names.map((name) => `target.${name} IS NOT NULL`);
  const areEqual = isKey(
    plan,
    names.map((name) => `target.${name}`),
    names.map((_, part) => `source.k${part}`),
  );
  return `DELETE FROM ${quoteTable(plan.table)} AS target WHERE ${areThere.join(' AND ')}
    AND NOT EXISTS (SELECT FROM ${stage} AS source WHERE ${areEqual})`;
}

function keyColumns(plan: LoadPlan, parts: number): readonly string[] {
  return plan.columns.slice(0, parts).map(({ name }) => quoteIdentifier(name));
}
