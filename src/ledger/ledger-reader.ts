import type { ChunkRecord } from './chunk-record.ts';
import type { LoggedEvent } from './event-log.ts';
import type { FailedRow } from './failed-row.ts';
import type { ForecastReader } from './forecast-ledger.ts';
import type { ReadCounts, RunRecord } from './run-record.ts';
import type { RetryQueue, UnfinishedRow } from './unfinished-row.ts';

/** Rows of a run by fate, from sets of custom_ids. */
export interface RowCounts extends ReadCounts {
  readonly requested: number;
  readonly ok: number;
  readonly failed: number;
  readonly pending: number;
  readonly cleaned: number;
  readonly repaired: number;
  readonly truncated: number;
}

/** What a ledger tells those who only look. */
export interface LedgerReader {
  readonly forecast: ForecastReader;
  run(runId: string): Promise<RunRecord | null>;
  /** Newest first; of one pipeline where it is named. */
  runs(pipeline?: string): Promise<readonly RunRecord[]>;
  chunks(runId: string): Promise<readonly ChunkRecord[]>;
  chunk(runId: string, chunk: number): Promise<ChunkRecord | null>;
  /** The run of each batch that any chunk has, by the batch's id. */
  batchRuns(): Promise<ReadonlyMap<string, string>>;
  rowCounts(runId: string): Promise<RowCounts>;
  /** Rows waiting to be sent again, by chunk and line, at most so many. */
  unfinishedRows(runId: string, limit: number): Promise<readonly UnfinishedRow[]>;
  /** All of them. */
  waitingRows(runId: string): AsyncIterable<UnfinishedRow>;
  /** All rows waiting to be sent again, summed up. */
  retryQueue(runId: string): Promise<RetryQueue>;
  /** The history of a chunk's rows that were sent before, by custom_id; also once they are done with. */
  rowHistory(runId: string, chunk: number): Promise<ReadonlyMap<string, UnfinishedRow>>;
  failedRows(runId: string): AsyncIterable<FailedRow>;
  /** The rows of a chunk, and followers of them, that failed for good on their own account: not with their leader. */
  ownFailures(runId: string, chunk: number): Promise<readonly FailedRow[]>;
  /** Of these requests, those that failed in an earlier run of the pipeline by their own fault. */
  rememberedFailures(
    pipeline: string,
    customIds: readonly string[],
    hashes: readonly string[],
  ): Promise<ReadonlySet<string>>;
  /** The events of a run in their order, those after the one of that number; of one type where it is given. */
  events(runId: string, after: number, type?: LoggedEvent['type']): AsyncIterable<LoggedEvent>;
}
