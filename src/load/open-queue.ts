import type { LoadRefusal } from '../batch/reconciliation.ts';
import type { Host } from '../core/host.ts';
import type { Semaphore } from '../core/semaphore.ts';
import type { OpenedSink } from '../core/sink.ts';
import type { ResultColumns } from '../job/result-columns.ts';
import { LoadQueue } from './load-queue.ts';

/** Is told of rows that the sink refused, and of those that were refused and are there after all. */
interface Refusing {
  refuse(index: number, refusal: LoadRefusal): void;
  stands(index: number): void;
}

export interface QueueContext {
  readonly runId: string;
  readonly sink: OpenedSink;
  /** Shared by all queues of a sink, which takes only so many loads at a time. */
  readonly slots: Semaphore;
  readonly results: ResultColumns;
  readonly host: Host;
}

/** A queue whose refusals end up in the reconciliation, or wherever else the rows are known by an index. */
export function openQueue(
  { runId, sink, slots, results, host }: QueueContext,
  rows: Refusing,
  chunk: number,
  onCleaned: (count: number) => void,
): LoadQueue {
  const { signals, emit } = host;
  return new LoadQueue({
    sink,
    slots,
    runId,
    drain: signals.drain,
    emit,
    keyColumns: results.keyNames.length,
    valueColumns: results.columns.plans.length,
    onRefused: (index, { code, message }) => rows.refuse(index, { code, message }),
    onStanding: (index) => rows.stands(index),
    onLoaded: (rows, cleaned) => {
      onCleaned(cleaned);
      emit({ type: 'RowsLoaded', chunk, rows });
    },
  });
}
