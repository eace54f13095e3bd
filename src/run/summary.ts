import type {
  ChunkRecord,
  LedgerReader,
  RowCounts,
  RunRecord,
  RunStatus,
  TokenCounts,
} from '../ledger/ledger.ts';
import { addTokens, noTokens } from '../ledger/token-counts.ts';
import { knownCost } from './run-cost.ts';

export interface BatchCounts {
  readonly total: number;
  readonly waiting: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly expired: number;
  readonly cancelled: number;
  /** Of those that wait, the ones whose create was not answered yet, so that they may be with the provider. */
  readonly unsettled: number;
}

/** Rows that were answered for good, well or badly, by the way that the answers came. */
export interface RequestCounts {
  readonly batch: number;
  readonly standard: number;
  /** Synchronous requests that were sent again although they may have been answered. */
  readonly in_doubt: number;
}

/** When a run was to be done. */
export interface DeadlineSummary {
  /** RFC 3339. */
  readonly at: string;
  /** Whether it was done by then; null while that is open. */
  readonly met: boolean | null;
}

/** A run in numbers, as `run --json` and `status --json` print it. */
export interface RunSummary {
  readonly run_id: string;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly rows: Omit<RowCounts, 'repaired'>;
  readonly batches: BatchCounts;
  readonly requests: RequestCounts;
  /** Left out of a run without one. */
  readonly deadline?: DeadlineSummary;
  readonly tokens: TokenCounts;
  /** Null where a price is not known. */
  readonly cost_usd: number | null;
  readonly seconds: number;
}

/**
 * Adds a run up from the ledger alone; needs no network.
 *
 * @param status what the run is left as, where the ledger does not know yet
 */
export async function summarize(
  ledger: LedgerReader,
  run: RunRecord,
  status = run.status,
): Promise<RunSummary> {
  const chunks = await ledger.chunks(run.runId);
  const { records, read, filtered, skipped, requested, ok, failed, pending, cleaned, truncated } =
    await ledger.rowCounts(run.runId);
  return {
    run_id: run.runId,
    pipeline: run.pipeline,
    status,
    rows: { records, read, filtered, skipped, requested, ok, failed, pending, cleaned, truncated },
    batches: countBatches(chunks),
    requests: countRequests(chunks),
    ...deadlineOf((await ledger.run(run.runId)) ?? run, status, Date.now()),
    tokens: chunks.map(({ usage }) => usage).reduce(addTokens, noTokens),
    cost_usd: knownCost(chunks),
    seconds: Math.round(run.workedMs / 100) / 10,
  };
}

function deadlineOf(
  { deadlineAt, deadlineMet }: RunRecord,
  status: RunStatus,
  now: number,
): { readonly deadline?: DeadlineSummary } {
  if (deadlineAt === null) return {};
  const isInTime = now <= deadlineAt;
  const isDone = status === 'completed' || status === 'completed_with_failures';
  const isOpen = isInTime && status !== 'cancelled';
  const met = deadlineMet ?? (isDone ? isInTime : isOpen ? null : false);
  return { deadline: { at: new Date(deadlineAt).toISOString(), met } };
}

function countBatches(chunks: readonly ChunkRecord[]): BatchCounts {
  const kinds = chunks.map(batchKind).filter((kind) => kind !== null);
  const count = (kind: (typeof kinds)[number]) => kinds.filter((other) => other === kind).length;
  return {
    total: kinds.length,
    waiting: count('waiting'),
    running: count('running'),
    completed: count('completed'),
    failed: count('failed'),
    expired: count('expired'),
    cancelled: count('cancelled'),
    unsettled: chunks.filter(({ state }) => state === 'creating').length,
  };
}

function countRequests(chunks: readonly ChunkRecord[]): RequestCounts {
  const answered = (lane: ChunkRecord['lane']): number =>
    chunks.filter((chunk) => chunk.lane === lane).reduce((sum, { ok, failed }) => sum + ok + failed, 0);
  return {
    batch: answered('batch'),
    standard: answered('direct'),
    in_doubt: chunks.reduce((sum, { inDoubt }) => sum + inDoubt, 0),
  };
}

/** Null where a file never was to be a batch. */
function batchKind(chunk: ChunkRecord): Exclude<keyof BatchCounts, 'total' | 'unsettled'> | null {
  if (chunk.lane === 'direct') return null;
  switch (chunk.state) {
    case 'sealed':
    case 'uploading':
    case 'uploaded':
    case 'creating':
      return 'waiting';
    case 'submitted':
      return 'running';
    case 'refused':
      return 'failed';
    case 'superseded':
    case 'asking':
      return null;
    case 'ended':
    case 'downloaded':
    case 'held':
    case 'loaded':
      return endedKind(chunk.batchStatus);
  }
}

function endedKind(status: string | null): 'completed' | 'failed' | 'expired' | 'cancelled' {
  return status === 'failed' || status === 'expired' || status === 'cancelled' ? status : 'completed';
}
