import type { LoadFailure } from '../../core/sink.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import type { LoadPlan } from './load-plan.ts';
import { dropStaged, insertStaged } from './load-statements.ts';
import { isRowFault, rollBack, rowFailure } from './row-fault.ts';

/**
 * Finds the staged rows for which the table refuses a batch, by halving, and drops them from the staging. An error ends
 * a transaction of DuckDB, which has no savepoints: so each trial is a transaction of its own, rolled back in the end,
 * and takes all the good rows before the ones that are tried, with which they may be at odds.
 *
 * @param count the batch's rows; some may be dropped from the staging already
 */
export async function isolateFaulty(
  session: DuckSession,
  plan: LoadPlan,
  count: number,
): Promise<readonly LoadFailure[]> {
  return isolate(session, plan, 0, count);
}

async function isolate(
  session: DuckSession,
  plan: LoadPlan,
  from: number,
  to: number,
): Promise<readonly LoadFailure[]> {
  const error = await attempt(session, insertStaged(plan, to));
  if (error === null) return [];
  if (to - from <= 1) {
    await session.run(dropStaged([from]));
    return [rowFailure(from, error)];
  }
  const middle = Math.floor((from + to) / 2);
  const left = await isolate(session, plan, from, middle);
  return [...left, ...(await isolate(session, plan, middle, to))];
}

/** Returns the fault that a row has, or null. @throws every other error */
async function attempt(session: DuckSession, statement: string): Promise<unknown> {
  try {
    await session.run('BEGIN TRANSACTION');
    await session.run(statement);
    return null;
  } catch (error) {
    if (!isRowFault(error)) throw error;
    return error;
  } finally {
    await rollBack(session);
  }
}
