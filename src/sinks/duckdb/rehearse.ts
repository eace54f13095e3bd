import type { SinkContext } from '../../core/sink.ts';
import { duckdbError } from '../../duckdb/duckdb-error.ts';
import { DuckSession } from '../../duckdb/session.ts';
import type { TableName } from '../../pg/identifier.ts';
import { checkSamples } from './check-samples.ts';
import { createTable, typesFor } from './create-table.ts';
import { createdType } from './created-type.ts';
import { createMarks, marksOf } from './load-marks.ts';
import { loadPlan, type LoadMode, type LoadPlan } from './load-plan.ts';
import { deletePiecesSql } from './delete-pieces.ts';
import { rehearseDeleting } from './delete-missing.ts';
import { insertStaged } from './load-statements.ts';
import { rollBack } from './row-fault.ts';
import { stageRows } from './staging.ts';
import { checkKeyIndex, checkPieceColumn, checkTarget, displayName, tableMissing } from './target-checks.ts';
import { findTarget, type Target } from './target.ts';

export interface Rehearsal {
  readonly name: TableName;
  readonly create: boolean;
  readonly mode: LoadMode;
  /** Whether rows are deleted whose source row is gone. */
  readonly deletes: boolean;
  readonly context: SinkContext;
}

/**
 * Finds out whether rows can be loaded: everything that has a name is checked by name, and then the real statements run
 * over no rows. One transaction, which is rolled back.
 */
export async function rehearseInFile(session: DuckSession, rehearsal: Rehearsal): Promise<void> {
  const { context, mode } = rehearsal;
  const types = rehearsal.create ? await typesFor(session, context, createdType) : [];
  try {
    await session.run('BEGIN TRANSACTION');
    const target = await targetOf(session, rehearsal, types);
    checkTarget(context, target);
    await checkKeyIndex(session, target, context, mode);
    if (mode === 'insert') await session.run(createMarks(marksOf(target.name)));
    const plan = loadPlan(context, target, mode);
    await checkSamples(session, context, plan);
    await stageRows(session, plan, { cells: [], refused: [], cleaned: 0 });
    await session.run(insertStaged(plan));
    if (plan.deletesPieces) await rehearsePieces(session, plan, target);
    if (rehearsal.deletes)
      await rehearseDeleting(session, plan, plan.keyCount - (context.isSplit === true ? 1 : 0));
  } finally {
    await rollBack(session);
  }
}

async function rehearsePieces(session: DuckSession, plan: LoadPlan, target: Target): Promise<void> {
  checkPieceColumn(target, plan.columns[plan.keyCount - 1]?.name ?? '');
  const key = plan.columns.slice(0, plan.keyCount - 1).map(() => '1');
  const deletion = deletePiecesSql(plan, { keys: [key], counts: [1] });
  if (deletion !== '') await session.run(`EXPLAIN ${deletion}`);
}

/** The same for a database that is yet to be made. */
export async function rehearseInMemory(rehearsal: Rehearsal): Promise<void> {
  const { context, name } = rehearsal;
  const { stateDir, signal } = context;
  try {
    await using session = await DuckSession.open({ path: null, isWritten: true, stateDir, signal });
    await rehearseInFile(session, rehearsal);
  } catch (error) {
    signal.throwIfAborted();
    throw duckdbError(error, displayName(name));
  }
}

async function targetOf(
  session: DuckSession,
  { name, create, context }: Rehearsal,
  types: readonly string[],
): Promise<Target> {
  const there = await findTarget(session, name);
  if (there !== null) return there;
  if (!create) throw tableMissing(name);
  await session.run(createTable({ name, types, hasKey: true, keepsHash: true }, context));
  const target = await findTarget(session, name);
  if (target === null) throw tableMissing(name);
  return target;
}
