import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BillEntry } from '../../src/emulator/state/bill.ts';

/** What an emulator has charged so far, in order. */
export async function readBill(dataDir: string): Promise<readonly BillEntry[]> {
  const text = await readFile(join(dataDir, 'bill.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as BillEntry);
}

/** The hash of every request line that was paid for: those of accepted batches that were not refused afterwards. */
export function paidLines(bill: readonly BillEntry[]): readonly string[] {
  const refused = new Set(bill.filter((entry) => entry.event === 'refused').map((entry) => entry.batch_id));
  return bill.flatMap((entry) =>
    entry.event === 'accepted' && !refused.has(entry.batch_id) ? entry.requests : [],
  );
}

/** The synchronous requests that were answered, by their bodies' hashes. */
export function askedRequests(bill: readonly BillEntry[]): readonly string[] {
  return bill.flatMap((entry) => (entry.event === 'asked' ? [entry.request] : []));
}

/** When each of them came, in milliseconds since 1970. */
export function askedAt(bill: readonly BillEntry[]): readonly number[] {
  return bill.flatMap((entry) => (entry.event === 'asked' ? [entry.at] : []));
}

/** The batches that were accepted. */
export function acceptedBatches(bill: readonly BillEntry[]): number {
  return bill.filter((entry) => entry.event === 'accepted').length;
}
