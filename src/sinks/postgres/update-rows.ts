import type { ClientBase } from 'pg';
import type { LoadFailure, ResultBatch } from '../../core/sink.ts';
import type { CopyBuffer } from '../../pg/copy-buffer.ts';
import { copyIn } from './copy-in.ts';
import type { LoadPlan } from './load-plan.ts';
import { stageScript } from './load-statements.ts';
import { collision } from '../keys/collision.ts';
import { leftOut } from './row-fault.ts';
import { planByIndex, updateStaged, type NotUpdated } from './update-statements.ts';

/**
 * Rows that one transaction updates. The application that owns the table waits for as long as its rows are locked: 500
 * rows take some 10 ms, and with a vector index, which takes milliseconds a row, a second or two. Fewer rows would mostly
 * pay for transactions.
 */
const rowsAStep = 500;

/** The parts of a batch that are updated in a transaction each. */
export function* updateSteps(
  rows: ResultBatch,
): Generator<{ readonly from: number; readonly step: ResultBatch }> {
  for (let from = 0; from < rows.length; from += rowsAStep) {
    const slice = <T>(list: readonly T[]): readonly T[] => list.slice(from, from + rowsAStep);
    const customIds = slice(rows.customIds);
    const step = {
      length: customIds.length,
      customIds,
      keys: rows.keys.map(slice),
      columns: rows.columns.map(slice),
      requestHashes: slice(rows.requestHashes),
    };
    yield { from, step };
  }
}

/** Stages a step, which locks nothing, and then updates and commits without a pause. Returns rows that are not there. */
export async function updateRows(
  client: ClientBase,
  plan: LoadPlan,
  staging: 'typed' | 'binary',
  buffer: CopyBuffer,
  keyOf: (row: number) => readonly string[],
): Promise<readonly LoadFailure[]> {
  await copyIn(client, stageScript(plan, staging, planByIndex), buffer);
  // One simple query of two statements has two results, which the types of pg do not know of.
  const results: unknown = await client.query(`${updateStaged(plan, staging)}; COMMIT`);
  const [{ rows }] = results as readonly [{ readonly rows: readonly NotUpdated[] }];
  return rows.map((row) => notUpdated(row, keyOf));
}

function notUpdated(
  { row, first, isThere }: NotUpdated,
  keyOf: (row: number) => readonly string[],
): LoadFailure {
  if (first !== row) return { row, ...collision(keyOf(row), keyOf(first)) };
  return { row, ...(isThere ? leftOut : notInTarget) };
}

export const notInTarget = {
  code: 'row_not_in_target',
  message: 'the table has no row with this key, and mode: update adds none',
} as const;
