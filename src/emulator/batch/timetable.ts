import { batchFaultOf } from '../faults/batch-plan.ts';
import type { BatchRecord } from '../state/batch-record.ts';

/** When a batch may reach each state, in milliseconds since 1970; it may be later where the work takes longer. */
export interface Timetable {
  readonly startsAt: number;
  /** When all lines may be answered. */
  readonly answeredBy: number;
  readonly finalizesAt: number;
  readonly endsAt: number;
}

/** @param latencyMs how long a batch takes that no fault makes faster or slower */
export function timetable(batch: BatchRecord, latencyMs: number): Timetable {
  const phases = batchFaultOf(batch.plan, 'phases');
  const stuck = batchFaultOf(batch.plan, 'stuck');
  const held = (status: string): number => (stuck?.status === status ? (stuck.for ?? Infinity) : 0);
  const startsAt = batch.created_ms + (phases?.validating ?? latencyMs * 0.2) + held('validating');
  const answeredBy = startsAt + (phases?.in_progress ?? latencyMs * 0.6);
  const finalizesAt = answeredBy + held('in_progress');
  const endsAt = finalizesAt + (phases?.finalizing ?? latencyMs * 0.2) + held('finalizing');
  return { startsAt, answeredBy, finalizesAt, endsAt };
}

/** How many of `total` lines may be answered by `now`, when they are spread evenly over the time in progress. */
export function linesDue(times: Timetable, total: number, now: number): number {
  const span = times.answeredBy - times.startsAt;
  if (now >= times.answeredBy || span <= 0) return total;
  return Math.max(0, Math.floor((total * (now - times.startsAt)) / span));
}

/** When the line after the first `done` of `total` may be answered. */
export function lineDueAt(times: Timetable, total: number, done: number): number {
  return times.startsAt + ((times.answeredBy - times.startsAt) * (done + 1)) / total;
}
