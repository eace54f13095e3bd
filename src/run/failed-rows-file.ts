import { join } from 'node:path';
import { DurableWriter } from '../files/durable-writer.ts';
import type { FailedRow, LedgerReader, RunRecord } from '../ledger/ledger.ts';
import type { PendingRow } from './pending-rows.ts';

/** A failed row as `errors --json` prints it. */
export function failedRowJson(row: PendingRow) {
  const { key, customId, stage, code, message, attempts, batchId } = row;
  return {
    key: key.length === 1 ? key[0] : key,
    custom_id: customId,
    stage,
    code,
    message,
    attempts,
    batch_id: batchId,
  };
}

function lineOf(row: FailedRow) {
  const { request, sameAs } = row;
  // Its request is the other row's.
  return typeof sameAs === 'string'
    ? { ...failedRowJson(row), same_as: sameAs }
    : { ...failedRowJson(row), request };
}

/** Writes `failed-rows.jsonl` into the run's folder: each failed row with its reason and its request, or the row that made it. */
export async function writeFailedRows(ledger: LedgerReader, run: RunRecord): Promise<void> {
  await using file = await DurableWriter.create(join(run.folder, 'failed-rows.jsonl'));
  for await (const row of ledger.failedRows(run.runId)) {
    await file.append(Buffer.from(`${JSON.stringify(lineOf(row))}\n`));
  }
  await file.finish();
}
