import type { MaxFailedRows } from '../config/failed-rows.ts';
import type { RowCounts } from '../ledger/ledger.ts';

/** Whether the failed rows are within what the pipeline allows; a share is one of the answered rows. */
export function isWithinLimit(rows: Pick<RowCounts, 'ok' | 'failed'>, limit: MaxFailedRows): boolean {
  if ('rows' in limit) return rows.failed <= limit.rows;
  return rows.failed <= (rows.ok + rows.failed) * limit.share;
}
