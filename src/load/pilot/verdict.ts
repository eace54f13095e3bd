import type { MaxFailedRows } from '../../config/failed-rows.ts';
import type { PilotFailures } from '../../ledger/pilot-ledger.ts';
import type { Expected } from '../../results/expectations.ts';

export interface PilotFacts {
  readonly ok: number;
  readonly failures: readonly PilotFailures[];
  readonly expected: readonly Expected[];
  readonly maxFailedRows: MaxFailedRows;
}

export interface PilotVerdict {
  readonly rows: number;
  readonly ok: number;
  readonly failed: number;
  /** What is wrong; the rest may leave where nothing is. */
  readonly complaints: readonly string[];
}

/** So many rows of a pilot may fail where the pipeline allows no failed rows, or counts them in rows of the whole run. */
const usualShare = 0.1;

/** Whether the rest of a run may be sent after its pilot. Pure. */
export function judgePilot({ ok, failures, expected, maxFailedRows }: PilotFacts): PilotVerdict {
  const failed = failures.reduce((sum, { rows }) => sum + rows, 0);
  const rows = ok + failed;
  const tooMany = failed > allowedFailures(maxFailedRows, rows) ? failures.map(describeFailures) : [];
  const missed = expected.filter((each) => each.rows < each.share * rows - tolerance);
  return { rows, ok, failed, complaints: [...tooMany, ...missed.map((each) => describeMissed(each, rows))] };
}

/** 0.95 of 20 is a little more than 19 to a computer. */
const tolerance = 1e-6;

function allowedFailures(limit: MaxFailedRows, rows: number): number {
  if ('share' in limit) return (limit.share === 0 ? usualShare : limit.share) * rows + tolerance;
  const usual = usualShare * rows + tolerance;
  return limit.rows === 0 ? usual : Math.min(limit.rows, usual);
}

function describeFailures({ stage, code, rows, examples }: PilotFailures): string {
  return `${rows} failed with ${code} (${stage}): ${examples.join(' | ')}`;
}

function describeMissed({ expression, share, rows, examples }: Expected, of: number): string {
  return `\`${expression}\` holds for ${percent(rows / of)} of the rows, and ${percent(share)} are wanted: ${examples.join(' | ')}`;
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
