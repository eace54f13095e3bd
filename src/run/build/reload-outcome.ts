import { rowState, type ChunkSpan, type Reconciliation } from '../../batch/reconciliation.ts';
import type { FailedRow, ReloadOutcome } from '../../ledger/ledger.ts';

/**
 * What has become of a chunk's rows that had been loaded before and were loaded once more.
 *
 * @param states what the ledger knows of the chunk's rows by now
 */
export function reloadOutcome(
  { refusals }: Reconciliation,
  { chunk: { chunk, batchId }, rows, offset }: ChunkSpan,
  states: Uint8Array,
): Omit<ReloadOutcome, 'cleaned' | 'followers'> & { readonly failures: readonly FailedRow[] } {
  const rowStates = Uint8Array.from(states);
  const failures: FailedRow[] = [];
  for (const line of rowStates.keys()) {
    const refusal = refusals.get(offset + line);
    if (refusal === undefined) continue;
    rowStates[line] = rowState.failed;
    const { customId, key, requestHash } = rows.row(line);
    const row = {
      customId,
      key,
      stage: 'load',
      attempts: 1,
      chunk,
      batchId,
      requestHash,
      request: null,
    } as const;
    failures.push({ ...row, ...refusal });
  }
  const ok = rowStates.filter((state) => state === rowState.ok).length;
  return { rowStates, ok, recovered: [], failures };
}
