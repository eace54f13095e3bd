import { hash } from 'node:crypto';
import type { BatchRecord } from '../state/batch-record.ts';
import type { BatchStore } from '../state/batch-store.ts';
import type { Bill, BillEntry } from '../state/bill.ts';
import type { FileStore } from '../state/file-store.ts';
import { readLines } from '../../files/line-reader.ts';
import { isBlank } from './check-file.ts';

export interface BillingServices {
  readonly batches: BatchStore;
  readonly files: FileStore;
  readonly bill: Bill;
}

/**
 * Accepts a batch: within one turn of the event loop it exists and is on the bill, both synced, so a client that
 * hears nothing either finds it in the list or has not been charged.
 */
export async function acceptBatch(
  services: BillingServices,
  batch: BatchRecord,
  signal: AbortSignal,
): Promise<void> {
  const entry = await priceBatch(services, batch, signal);
  services.batches.insert(batch);
  services.bill.write(entry);
  services.batches.update(batch.id, { billed: true });
}

/** Puts on the bill what an earlier process accepted and, dying, left off it. */
export async function settleBill(services: BillingServices, signal: AbortSignal): Promise<void> {
  for (const batch of services.batches.unfinished()) {
    if (batch.billed) continue;
    if (!(await services.bill.names(batch.id, signal))) {
      services.bill.write(await priceBatch(services, batch, signal));
    }
    services.batches.update(batch.id, { billed: true });
  }
}

async function priceBatch(
  services: BillingServices,
  batch: BatchRecord,
  signal: AbortSignal,
): Promise<BillEntry> {
  const requests: string[] = [];
  for await (const { lines } of readLines(services.files.path(batch.input_file_id), signal)) {
    for (const line of lines) if (!isBlank(line)) requests.push(hash('sha256', line, 'hex'));
  }
  return {
    event: 'accepted',
    batch_id: batch.id,
    input_file_id: batch.input_file_id,
    endpoint: batch.endpoint,
    metadata: batch.metadata,
    created_at: Math.floor(batch.created_ms / 1000),
    requests,
  };
}
