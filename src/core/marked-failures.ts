import { hash } from 'node:crypto';
import type { LoadFailure, LoadMark, LoadOutcome, ResultBatch } from './sink.ts';

/**
 * The mark of a load into one table. All tables of a schema share one table of marks, and a run may go on, or be loaded
 * again, into another table than the one it began with.
 *
 * @param table its full name, the same text each time
 */
export function tableMark(mark: LoadMark, table: string): LoadMark {
  return { ...mark, sha256: hash('sha256', `${mark.sha256}\n${table}`) };
}

/** A row of a part of the results that was not loaded, as the mark of the load keeps it. */
export interface MarkedFailure {
  readonly custom_id: string;
  readonly code: string;
  readonly message: string;
}

/** What a mark keeps of a load: the rows that were refused, and those that had no values. */
export function markedFailures(
  { customIds, leftOut = [] }: ResultBatch,
  failures: readonly LoadFailure[],
): readonly MarkedFailure[] {
  const refused = failures.map(({ row, ...why }) => ({ customId: customIds[row] ?? '', ...why }));
  return [...refused, ...leftOut].map(({ customId, code, message }) => ({
    custom_id: customId,
    code,
    message: message.toWellFormed(),
  }));
}

/** What came of the load that a mark stands for, as rows of the same part of the results. */
export function markedOutcome(
  kept: readonly MarkedFailure[],
  { customIds, leftOut = [] }: ResultBatch,
): Pick<LoadOutcome, 'failures' | 'standing'> {
  const failed = new Map(kept.map((failure) => [failure.custom_id, failure]));
  const failures = customIds.flatMap((id, row) => {
    const failure = failed.get(id);
    return failure === undefined ? [] : [{ row, code: failure.code, message: failure.message }];
  });
  const standing = leftOut.map(({ customId }) => customId).filter((id) => !failed.has(id));
  return standing.length === 0 ? { failures } : { failures, standing };
}
