import type { LoadFailure, LoadMark, LoadOutcome, ResultBatch } from '../../core/sink.ts';
import { collision } from '../keys/collision.ts';
import { tableMark } from '../../core/marked-failures.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { rollBack, isRowFault } from './row-fault.ts';
import { deletePiecesSql, pieceCounts } from './delete-pieces.ts';
import { isolateFaulty } from './isolate-rows.ts';
import { earlierOutcome, insertMark, marksOf } from './load-marks.ts';
import type { LoadPlan } from './load-plan.ts';
import { dropStaged, insertStaged, selectCollisions, selectMisfits, selectText } from './load-statements.ts';
import { convertRows, stageRows } from './staging.ts';
import { quoteTable } from '../../pg/identifier.ts';
import { refuse } from '../../pg/copy-column.ts';
import { invalid } from '../../pg/value-check.ts';

/**
 * Loads a batch in one transaction, without the rows that the table cannot take.
 *
 * @param without rows that are known not to be loaded
 */
export async function loadBatch(
  session: DuckSession,
  plan: LoadPlan,
  rows: ResultBatch,
  given: LoadMark,
  without: readonly LoadFailure[] = [],
): Promise<LoadOutcome> {
  const converted = await convertRows(plan, rows);
  const { refused, cleaned } = converted;
  // DuckDB takes no notice of case.
  const mark = tableMark(given, quoteTable(plan.table).toLowerCase());
  const marks = plan.mode === 'insert' ? marksOf(plan.table) : null;
  const earlier = marks === null ? null : await earlierOutcome(session, marks, mark, rows);
  if (earlier !== null) return { ...earlier, cleaned };
  await stageRows(session, plan, converted);
  await drop(session, without);
  const unfit = [
    ...new Map([...refused, ...without].map((failure) => [failure.row, failure])).values(),
    ...(await dropMisfits(session, plan)),
    ...(await dropCollisions(session, plan, rows)),
  ];
  const markOf = (failures: readonly LoadFailure[]): string =>
    marks === null ? '' : insertMark(marks, mark, rows, failures);
  const faulty = await insertRows(session, plan, rows, unfit, markOf);
  return { failures: [...unfit, ...faulty].sort((a, b) => a.row - b.row), cleaned };
}

async function insertRows(
  session: DuckSession,
  plan: LoadPlan,
  rows: ResultBatch,
  unfit: readonly LoadFailure[],
  markOf: (failures: readonly LoadFailure[]) => string,
): Promise<readonly LoadFailure[]> {
  const change = (failures: readonly LoadFailure[], to = rows.length): readonly string[] => [
    deletePiecesOf(plan, rows, failures, to),
    insertStaged(plan, to),
  ];
  try {
    await inTransaction(session, [markOf(unfit), ...change(unfit)]);
    return [];
  } catch (error) {
    if (!isRowFault(error)) throw error;
  }
  const faulty = await isolateFaulty(session, rows.length, (to, found) =>
    change([...unfit, ...found], to).join(''),
  );
  await inTransaction(session, [markOf([...unfit, ...faulty]), ...change([...unfit, ...faulty])]);
  return faulty;
}

/** The statement, with its end, that deletes what the table holds of records beyond their last piece; '' for none. */
function deletePiecesOf(
  plan: LoadPlan,
  rows: ResultBatch,
  failures: readonly LoadFailure[],
  to: number,
): string {
  if (!plan.deletesPieces) return '';
  const sql = deletePiecesSql(plan, pieceCounts(rows, to, new Set(failures.map(({ row }) => row))));
  return sql === '' ? '' : `${sql};`;
}

async function inTransaction(session: DuckSession, statements: readonly string[]): Promise<void> {
  try {
    await session.run('BEGIN TRANSACTION');
    for (const statement of statements) if (statement !== '') await session.run(statement);
    await session.run('COMMIT');
  } catch (error) {
    await rollBack(session);
    throw error;
  }
}

async function dropMisfits(session: DuckSession, plan: LoadPlan): Promise<readonly LoadFailure[]> {
  const select = selectMisfits(plan);
  if (select === null) return [];
  const failures: LoadFailure[] = [];
  for (const [place, index] of await session.rows<[number, number]>(select)) {
    const [cell] = await session.rows<[string]>(selectText(place, index));
    const column = plan.columns[index];
    if (column !== undefined) failures.push(refuse(place, column, invalid(cell?.[0] ?? '')));
  }
  await drop(session, failures);
  return failures;
}

async function dropCollisions(
  session: DuckSession,
  plan: LoadPlan,
  { keys }: ResultBatch,
): Promise<readonly LoadFailure[]> {
  const keyOf = (row: number): readonly string[] => keys.map((part) => part[row] ?? '');
  const rows = await session.rows<[number, number]>(selectCollisions(plan));
  const failures = rows.map(([row, first]) => ({ row, ...collision(keyOf(row), keyOf(first)) }));
  await drop(session, failures);
  return failures;
}

async function drop(session: DuckSession, failures: readonly LoadFailure[]): Promise<void> {
  if (failures.length > 0) await session.run(dropStaged(failures.map(({ row }) => row)));
}
