import { formOf } from '../batch-forms.ts';
import { batchFaultOf } from '../faults/batch-plan.ts';
import type { BatchRecord } from '../state/batch-record.ts';
import type { BatchContext } from './batch-context.ts';
import type { Results } from './execute.ts';

/** Makes files of a batch's results: those that have lines, where its faults do not want it otherwise. */
export async function publishResults(
  context: BatchContext,
  batch: BatchRecord,
  results: Results,
): Promise<Pick<BatchRecord, 'output_file_id' | 'error_file_id'>> {
  const { id, plan, output_lifetime: lifetime } = batch;
  const { hasErrorFile } = formOf(batch.endpoint);
  const output =
    batchFaultOf(plan, 'no_output_file') === undefined
      ? await results.output.publish(`${id}_output.jsonl`, lifetime, !hasErrorFile)
      : null;
  const evenEmpty = batchFaultOf(plan, 'empty_error_file') !== undefined;
  const errors = hasErrorFile ? await results.errors.publish(`${id}_error.jsonl`, lifetime, evenEmpty) : null;
  const late = batchFaultOf(plan, 'late_files');
  if (late !== undefined) {
    const until = Date.now() + (late.for ?? Number.MAX_SAFE_INTEGER);
    for (const file of [output, errors]) if (file !== null) context.faults.hideFile(file, until);
  }
  const none = batchFaultOf(plan, 'empty_error_file_id') === undefined ? null : '';
  return { output_file_id: output, error_file_id: errors ?? none };
}
