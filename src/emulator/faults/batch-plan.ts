import type { BatchFault, BatchFaultOf } from './batch-faults.ts';
import type { RowFault } from './row-faults.ts';

/** A row fault and its place in the list, which names it. */
export type PlannedRowFault = RowFault & { readonly position: number };

/** What was decided for a batch when it was created; it stays so, whatever faults are set later. */
export interface BatchPlan {
  readonly seed: number;
  /** Names the setting of faults that it comes from. */
  readonly generation: number;
  readonly batches: readonly BatchFault[];
  readonly rows: readonly PlannedRowFault[];
  /** Whether it is to be remembered how often each row was sent. */
  readonly countsAttempts: boolean;
  /** The most tokens that may be enqueued: for each model, or for the named ones; null without a limit. */
  readonly enqueuedTokens: number | Readonly<Record<string, number>> | null;
}

/** The fault of a name that a batch has; the first, where it has more than one. */
export function batchFaultOf<Name extends BatchFault['fault']>(
  plan: BatchPlan | null,
  name: Name,
): BatchFaultOf<Name> | undefined {
  return plan?.batches.find((fault): fault is BatchFaultOf<Name> => fault.fault === name);
}

/** Whether a moment is in a fault's time. @param start when the time began, in milliseconds since 1970 */
export function isDuring(
  fault: { readonly after?: number; readonly for?: number | undefined } | undefined,
  start: number,
  now: number,
): boolean {
  if (fault === undefined) return false;
  const from = start + (fault.after ?? 0);
  return now >= from && now < from + (fault.for ?? Infinity);
}
