import { batchFaultOf } from '../faults/batch-plan.ts';
import type { BatchRecord } from '../state/batch-record.ts';
import type { BatchContext, RunningBatch } from './batch-context.ts';
import { lineDueAt, linesDue, timetable, type Timetable } from './timetable.ts';
import { waitUntil } from './wait.ts';

/** The lines that come next. */
export interface DueLines {
  /** How many of them are to be answered. */
  readonly lines: number;
  /** Whether all others are given up. */
  readonly isOver: boolean;
}

/** How fast a batch's lines are answered, and when no more of them are. */
export class Pace {
  readonly #context: BatchContext;
  readonly #batch: RunningBatch;
  /** How many lines are answered in all where nobody cancels the batch. */
  readonly #stop: number;

  constructor(context: BatchContext, batch: RunningBatch) {
    this.#context = context;
    this.#batch = batch;
    const { plan, request_counts: counts } = context.batches.require(batch.id);
    const ending = batchFaultOf(plan, 'expired') ?? batchFaultOf(plan, 'cancelled');
    this.#stop = Math.floor(counts.total * (ending?.after ?? 1));
  }

  /** Waits until lines may be answered, or must be given up. @param done how many have been answered */
  async due(done: number): Promise<DueLines> {
    for (;;) {
      const record = this.#context.batches.require(this.#batch.id);
      if (record.answered_at_cancel !== null) {
        return { lines: Math.max(0, record.answered_at_cancel - done), isOver: true };
      }
      if (done >= this.#stop) return { lines: 0, isOver: true };
      const times = timetable(record, this.#context.latencyMs);
      const { total } = record.request_counts;
      const most = this.#mostByNow(record, times);
      const lines = Math.min(linesDue(times, total, Date.now()), most) - done;
      if (lines > 0) return { lines, isOver: false };
      const next = done < most ? lineDueAt(times, total, done) : times.finalizesAt;
      await waitUntil(Math.max(next, Date.now() + 10), this.#batch.cancelled, this.#context.signal);
    }
  }

  /** A batch that gets stuck half-way answers the rest only when it goes on. */
  #mostByNow({ plan, request_counts: counts }: BatchRecord, times: Timetable): number {
    const stuck = batchFaultOf(plan, 'stuck');
    if (stuck?.status !== 'in_progress' || Date.now() >= times.finalizesAt) return this.#stop;
    return Math.min(this.#stop, Math.floor(counts.total * stuck.after));
  }
}
