import type { KnownModels } from '../answers/known-models.ts';
import type { FaultDesk } from '../faults/fault-desk.ts';
import type { BatchStore } from '../state/batch-store.ts';
import type { Bill } from '../state/bill.ts';
import type { FileStore } from '../state/file-store.ts';
import type { WorkLane } from './work-lane.ts';

/** What all batches share. */
export interface BatchContext {
  readonly batches: BatchStore;
  readonly files: FileStore;
  readonly bill: Bill;
  readonly lane: WorkLane;
  readonly faults: FaultDesk;
  readonly models: KnownModels;
  readonly latencyMs: number;
  readonly seed: number;
  /** Aborted when the emulator stops. */
  readonly signal: AbortSignal;
}

/** One batch on its way; its record is in the store. */
export interface RunningBatch {
  readonly id: string;
  /** Older batches have lower ranks. */
  readonly rank: number;
  /** Aborted when the batch is cancelled, so that nothing waits for its timetable any longer. */
  readonly cancelled: AbortSignal;
}
