import type { FailedRow, FailureStage, LedgerReader } from '../ledger/ledger.ts';

/** Failed rows of a run that failed for one reason. */
export interface FailureGroup {
  readonly stage: FailureStage;
  readonly code: string;
  readonly rows: number;
  /** The first of them, as an example. */
  readonly example: FailedRow;
}

/** Why rows of a run failed, the most frequent reason first. */
export async function failureGroups(ledger: LedgerReader, runId: string): Promise<readonly FailureGroup[]> {
  const groups = new Map<string, FailureGroup>();
  for await (const row of ledger.failedRows(runId)) {
    const { stage, code } = row;
    const name = JSON.stringify([stage, code]);
    const group = groups.get(name) ?? { stage, code, rows: 0, example: row };
    groups.set(name, { ...group, rows: group.rows + 1 });
  }
  return [...groups.values()].toSorted((a, b) => b.rows - a.rows);
}
