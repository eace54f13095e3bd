import type { FailedRow, LedgerReader, RunRecord } from '../ledger/ledger.ts';
import { pendingRows, type PendingRow } from './pending-rows.ts';

/** Rows of a run that have no answer, or none that could be loaded, for one reason. */
export interface RowGroup<Row extends PendingRow> {
  readonly stage: Row['stage'];
  readonly code: string;
  readonly rows: number;
  /** The first of them, as an example. */
  readonly example: Row;
}

export type FailureGroup = RowGroup<FailedRow>;

/** Why rows of a run failed, the most frequent reason first. */
export function failureGroups(ledger: LedgerReader, runId: string): Promise<readonly FailureGroup[]> {
  return groupsOf(ledger.failedRows(runId));
}

/** Why rows of a run wait, the most frequent reason first. */
export function pendingGroups(
  ledger: LedgerReader,
  run: RunRecord,
): Promise<readonly RowGroup<PendingRow>[]> {
  return groupsOf(pendingRows(ledger, run));
}

async function groupsOf<Row extends PendingRow>(rows: AsyncIterable<Row>): Promise<readonly RowGroup<Row>[]> {
  const groups = new Map<string, RowGroup<Row>>();
  for await (const row of rows) {
    const { stage, code } = row;
    const name = JSON.stringify([stage, code]);
    const group = groups.get(name) ?? { stage, code, rows: 0, example: row };
    groups.set(name, { ...group, rows: group.rows + 1 });
  }
  return [...groups.values()].toSorted((a, b) => b.rows - a.rows);
}
