import { isMap, type JsonMap } from '../../core/json.ts';
import { batchFaultOf, type BatchPlan } from './batch-plan.ts';

/** A batch object as its faults show it. */
export function disguise(batch: JsonMap, plan: BatchPlan): JsonMap {
  return {
    ...batch,
    ...isoTimes(batch, plan),
    ...(batchFaultOf(plan, 'no_metadata') === undefined ? {} : { metadata: null }),
    ...(batchFaultOf(plan, 'no_expiry') === undefined ? {} : { expires_at: null }),
    status: status(batch, plan),
    request_counts: counts(batch, plan),
  };
}

function status(batch: JsonMap, plan: BatchPlan): unknown {
  const fault = batchFaultOf(plan, 'status_words');
  if (fault === undefined) return batch['status'];
  const words: Readonly<Record<string, string | undefined>> = fault.words;
  const word = words[String(batch['status'])] ?? String(batch['status']);
  return fault.upper_case ? word.toUpperCase() : word;
}

function counts(batch: JsonMap, plan: BatchPlan): unknown {
  if (batchFaultOf(plan, 'null_counts') !== undefined) return null;
  const lie = batchFaultOf(plan, 'request_counts');
  const truth = batch['request_counts'];
  if (lie === undefined || !isMap(truth)) return truth;
  const { total = truth['total'], completed = truth['completed'], failed = truth['failed'] } = lie;
  const tell = (count: unknown): unknown => (count === 'total' ? truth['total'] : count);
  return { total: tell(total), completed: tell(completed), failed: tell(failed) };
}

function isoTimes(batch: JsonMap, plan: BatchPlan): JsonMap {
  if (batchFaultOf(plan, 'iso_times') === undefined) return {};
  const times = Object.entries(batch).filter(([name, value]) => name.endsWith('_at') && value !== null);
  return Object.fromEntries(
    times.map(([name, value]) => [name, new Date(Number(value) * 1000).toISOString()]),
  );
}
