import type { LoadFailure } from '../../core/sink.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { dropStaged } from './load-statements.ts';
import { isRowFault, rollBack, rowFailure } from './row-fault.ts';

/**
 * Finds the staged rows for which the table refuses a batch, by halving, and drops them from the staging. An error ends
 * a transaction of DuckDB, which has no savepoints: so each trial is a transaction of its own, rolled back in the end,
 * and takes all the good rows before the ones that are tried, with which they may be at odds.
 *
 * @param count the batch's rows; some may be dropped from the staging already
 * @param statement loads the rows whose place is below `to`, but those that are found faulty
 */
export async function isolateFaulty(
  session: DuckSession,
  count: number,
  statement: (to: number, faulty: readonly LoadFailure[]) => string,
): Promise<readonly LoadFailure[]> {
  const faulty: LoadFailure[] = [];
  await isolate({ session, statement, faulty }, 0, count);
  return faulty;
}

interface Search {
  readonly session: DuckSession;
  readonly statement: (to: number, faulty: readonly LoadFailure[]) => string;
  readonly faulty: LoadFailure[];
}

async function isolate(search: Search, from: number, to: number): Promise<void> {
  const { session, statement, faulty } = search;
  const error = await attempt(session, statement(to, faulty));
  if (error === null) return;
  if (to - from <= 1) {
    await session.run(dropStaged([from]));
    faulty.push(rowFailure(from, error));
    return;
  }
  const middle = Math.floor((from + to) / 2);
  await isolate(search, from, middle);
  await isolate(search, middle, to);
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
