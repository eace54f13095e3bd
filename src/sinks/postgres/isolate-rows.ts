import type { ClientBase, QueryResult } from 'pg';
import type { LoadFailure } from '../../core/sink.ts';
import type { CopyBuffer } from '../../pg/copy-buffer.ts';
import { copyIn } from './copy-in.ts';
import type { LoadPlan } from './load-plan.ts';
import {
  collidingRows,
  dropStaged,
  insertStaged,
  readKeys,
  stageScript,
  type RowBounds,
  type RowRange,
} from './load-statements.ts';
import { loadRowByRow } from './row-by-row.ts';
import { collision } from '../keys/collision.ts';
import { isRowFault, leftOut, rowFailure } from './row-fault.ts';
import { notInTarget } from './update-rows.ts';
import { planByIndex, rowsNotInTarget, updateStaged } from './update-statements.ts';

/** The key of a row of the batch, as the source writes it. */
type KeyOf = (row: number) => readonly string[];

export interface BatchToIsolate {
  /** How many rows the batch has. */
  readonly rows: number;
  /** Those that are not in the buffer. */
  readonly absent: readonly number[];
  /** The rows in text format with their index first. */
  readonly keyOf: KeyOf;
  readonly buffer: CopyBuffer;
  readonly first: readonly string[];
  /** What follows the loading of a range of rows, but for those that are left out; null for nothing. */
  readonly last: (range: RowRange, without: ReadonlySet<number>) => string | null;
}

/**
 * Loads a batch that the server refused as a whole, without the rows that are to blame: they are found by halving,
 * each half under a savepoint. Leaves the transaction open, with everything else loaded.
 *
 * @returns the rows left out
 */
export async function loadWithoutFaulty(
  client: ClientBase,
  plan: LoadPlan,
  { rows, absent, keyOf, buffer, first, last }: BatchToIsolate,
): Promise<readonly LoadFailure[]> {
  const planning = plan.mode === 'update' ? planByIndex : [];
  // A deferred constraint would speak up at the commit only, when it is too late to tell which row it means.
  await copyIn(
    client,
    stageScript(plan, 'text', [...first, ...planning, 'SET CONSTRAINTS ALL IMMEDIATE']),
    buffer,
  );
  const all = { from: 0, to: rows };
  const unreadable = plan.mode === 'insert' ? [] : await dropCollisions(client, plan, all, keyOf);
  const missing = plan.mode === 'update' ? await dropMissing(client, plan) : [];
  const move = plan.mode === 'update' ? updateStaged : insertStaged;
  const without = new Set([...unreadable, ...missing].map(({ row }) => row));
  const moveAll = (range: RowBounds): string => {
    const moved = move(plan, 'text', range);
    const after = plan.deletesPieces
      ? last({ from: Number(range.from), to: Number(range.to) }, without)
      : null;
    return after === null ? moved : `${moved}; ${after}`;
  };
  // What is deleted is worked out here, for a range of numbers, and not by the server row by row.
  const refused = await isolate(client, all, moveAll, {
    givesNothing: plan.mode !== 'update' && !plan.deletesPieces,
    staged: plan.counts ? stagedRows(rows, without.union(new Set(absent))) : null,
  });
  return [...unreadable, ...missing, ...refused];
}

async function dropCollisions(
  client: ClientBase,
  plan: LoadPlan,
  all: RowRange,
  keyOf: KeyOf,
): Promise<LoadFailure[]> {
  const unreadable = await isolate(client, all, (range) => readKeys(plan, range));
  await drop(client, unreadable);
  const { rows } = await client.query<{ row: number; first: number }>(collidingRows(plan));
  const collisions = rows.map(({ row, first }) => ({ row, ...collision(keyOf(row), keyOf(first)) }));
  await drop(client, collisions);
  return [...unreadable, ...collisions];
}

/** A row that goes missing after this look is as one that goes missing after the update. */
async function dropMissing(client: ClientBase, plan: LoadPlan): Promise<LoadFailure[]> {
  const { rows } = await client.query<{ row: number }>(rowsNotInTarget(plan));
  const missing = rows.map(({ row }) => ({ row, ...notInTarget }));
  await drop(client, missing);
  return missing;
}

async function drop(client: ClientBase, failures: readonly LoadFailure[]): Promise<void> {
  if (failures.length > 0) await client.query(dropStaged, [failures.map(({ row }) => row)]);
}

/** Where so few rows are left, trying each by itself is quicker than halving on, however many are to blame. */
const fewRows = 128;

/** The rows of a batch that are staged. */
function stagedRows(rows: number, without: ReadonlySet<number>): readonly number[] {
  return Array.from({ length: rows }, (_, row) => row).filter((row) => !without.has(row));
}

interface Isolation {
  /** Whether the statement has no result, so that PL/pgSQL can run it row by row. */
  readonly givesNothing: boolean;
  /** The rows each of which the statement is to write, in ascending order; null where it need not. */
  readonly staged: readonly number[] | null;
}

/**
 * Runs the statement over the range; where rows make it fail, over its halves, down to those rows.
 */
async function isolate(
  client: ClientBase,
  range: RowRange,
  statement: (range: RowBounds) => string,
  isolation: Isolation = { givesNothing: false, staged: null },
  mustFail = false,
): Promise<LoadFailure[]> {
  const count = range.to - range.from;
  const isOne = count <= 1;
  const { givesNothing, staged } = isolation;
  if (givesNothing && !isOne && count <= fewRows) {
    const refused = await loadRowByRow(client, range, statement, staged !== null);
    if (refused !== null) return refused;
  }
  // Where one half went well, the other is to blame: only its halves are worth trying.
  const error = mustFail && !isOne ? true : await attempt(client, statement(range), countIn(staged, range));
  if (error === null) return [];
  if (isOne) return [error === leftOut ? { row: range.from, ...leftOut } : rowFailure(range.from, error)];
  const middle = Math.floor((range.from + range.to) / 2);
  const left = await isolate(client, { from: range.from, to: middle }, statement, isolation);
  const rest = { from: middle, to: range.to };
  const right = await isolate(client, rest, statement, isolation, left.length === 0);
  return [...left, ...right];
}

function countIn(staged: readonly number[] | null, { from, to }: RowRange): number | null {
  return staged === null ? null : staged.filter((row) => row >= from && row < to).length;
}

/**
 * Returns the fault that a row has, or null.
 *
 * @param rows how many the statement is to insert; null where that does not matter
 * @throws every other error
 */
async function attempt(client: ClientBase, statement: string, rows: number | null): Promise<unknown> {
  try {
    const results: unknown = await client.query(`SAVEPOINT part; ${statement}`);
    const inserted = (results as readonly QueryResult[]).find(({ command }) => command === 'INSERT');
    const isShort = rows !== null && inserted?.rowCount !== rows;
    await client.query(`${isShort ? 'ROLLBACK TO SAVEPOINT part; ' : ''}RELEASE SAVEPOINT part`);
    return isShort ? leftOut : null;
  } catch (error) {
    if (!isRowFault(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part');
    return error;
  }
}
