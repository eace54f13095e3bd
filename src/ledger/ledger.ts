import type { Field } from '../core/value.ts';
import type { ChunkState } from './chunk-state.ts';
import type {
  FollowedChunk,
  FollowerCommit,
  FollowerCounts,
  FollowerLedger,
  FollowersOutcome,
} from './follower-ledger.ts';
import type { RunSelection, WatermarkLedger } from './selection.ts';
import type { RoomLedger } from './room-ledger.ts';
import type { UnfinishedRow } from './unfinished-row.ts';

export type { BytePlace, UnfinishedRow } from './unfinished-row.ts';

export type RunStatus =
  | 'running'
  | 'waiting'
  | 'completed'
  | 'completed_with_failures'
  | 'cancelled'
  | 'failed'
  | 'interrupted'
  | 'refused';

/** Statuses after which a run is never taken up again. */
export const endedStatuses: ReadonlySet<RunStatus> = new Set([
  'completed',
  'completed_with_failures',
  'cancelled',
]);

/** `build`: files made for a hand upload; its results come through `load`. */
export type RunKind = 'run' | 'build';

export interface SourceSchema {
  readonly fields: readonly Field[];
  readonly keyFields: readonly Field[];
}

export interface NewRun {
  readonly runId: string;
  readonly pipeline: string;
  readonly kind: RunKind;
  /** Hash over what decides which requests are sent (contract section 4). */
  readonly fingerprint: string;
  /** What the hash was made of, part by part, to show what differs. No secret in it. */
  readonly fingerprintParts: Readonly<Record<string, string>>;
  /** Absolute path of the folder with the run's files. */
  readonly folder: string;
  readonly target: string;
  /** Absolute path of the pipeline file. */
  readonly path: string;
  /** The fields that reach the renderer and those of the key, for joins that do not open the source. */
  readonly schema: SourceSchema;
  readonly selection?: RunSelection | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** How far the source was read. Rows are counted as items; `records` are the source's own. */
export interface ReadCounts {
  readonly records: number;
  readonly read: number;
  readonly filtered: number;
  readonly skipped: number;
}

export interface RunRecord extends NewRun, ReadCounts, FollowerCounts {
  readonly selection: RunSelection;
  readonly status: RunStatus;
  readonly readingFinished: boolean;
  /** The source's cursor of the last row whose fate is durable; null before the first. */
  readonly readCursor: string | null;
  /** Records behind that row of which some pieces are durable already. */
  readonly partlyRead: readonly PartlyRead[];
  /** Milliseconds of work summed over all its processes. */
  readonly workedMs: number;
  readonly endedAt: number | null;
  /** Whether the user wants it cancelled: nothing of it is sent any more, whoever takes it up. */
  readonly cancelRequested: boolean;
}

export interface NewChunk {
  readonly chunk: number;
  readonly requests: number;
  readonly bytes: number;
  /** Estimated prompt tokens. */
  readonly tokens: number;
  readonly sha256: string;
}

export interface TokenCounts {
  readonly input: number;
  readonly output: number;
  readonly cached: number;
}

export interface ChunkRecord extends NewChunk, FollowedChunk {
  readonly runId: string;
  /** `retry`: its rows were part of an earlier chunk. */
  readonly origin: 'read' | 'retry';
  readonly state: ChunkState;
  /** Rises with each refusal, so that a refused batch is never adopted. */
  readonly attempt: number;
  /** How often its file was refused as a whole for a reason that names no line and is not want of room. */
  readonly unexplained: number;
  readonly fileId: string | null;
  readonly batchId: string | null;
  /** The batch's last known status at the provider. */
  readonly batchStatus: string | null;
  readonly outputFileId: string | null;
  readonly errorFileId: string | null;
  readonly expiresAt: number | null;
  /** Account that the last create was sent to; null before. */
  readonly account: string | null;
  /** A byte a row of the rows file: 0 pending, 1 ok, 2 failed. Null before the first result. */
  readonly rowStates: Uint8Array | null;
  readonly ok: number;
  readonly failed: number;
  readonly cleaned: number;
  readonly usage: TokenCounts;
  /** How often its saved answers were loaded again. */
  readonly reloads: number;
}

export type FailureStage = 'render' | 'request' | 'answer' | 'load';

/** A row that failed for good. */
export interface FailedRow {
  readonly customId: string;
  readonly key: readonly string[];
  readonly stage: FailureStage;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly chunk: number | null;
  readonly batchId: string | null;
  readonly requestHash: string | null;
  /** The request line as it was sent, or would have been. */
  readonly request: string | null;
  /** Of a follower the custom_id of its leader. */
  readonly sameAs?: string | null;
}

/** A record that was split, some of whose pieces stand in sealed files and some in none yet. */
export interface PartlyRead {
  /** The text of the source's own key. */
  readonly key: string;
  /** How many of its pieces are durable: the first ones. */
  readonly done: number;
  /** How many it has. */
  readonly of: number;
}

export interface ReadCommit {
  readonly chunk: NewChunk | null;
  readonly cursor: string | null;
  /** All such records there are; none where it is left out. */
  readonly partlyRead?: readonly PartlyRead[];
  readonly counts: ReadCounts;
  readonly failures: readonly FailedRow[];
  readonly followers?: FollowerCommit | null;
}

/** What a chunk's state change brings along; keys that are left out stay as they are. */
export interface ChunkPatch {
  readonly attempt?: number;
  readonly unexplained?: number;
  readonly fileId?: string | null;
  readonly batchId?: string | null;
  readonly batchStatus?: string | null;
  readonly outputFileId?: string | null;
  readonly errorFileId?: string | null;
  readonly expiresAt?: number | null;
  readonly account?: string;
}

/** A batch that is at the provider already, as a chunk. */
export interface AdoptedChunk {
  readonly chunk: NewChunk;
  readonly patch: ChunkPatch;
}

/** The outcome of joining a chunk with its results; one transaction. */
export interface ChunkOutcome {
  readonly state: ChunkState;
  readonly rowStates: Uint8Array;
  readonly ok: number;
  readonly cleaned: number;
  /** Answers that were no JSON until they were repaired. */
  readonly repaired: number;
  readonly usage: TokenCounts;
  readonly failures: readonly FailedRow[];
  /** custom_ids of rows that were recorded as failed before, and have succeeded after all. */
  readonly recovered: readonly string[];
  readonly unfinished: readonly UnfinishedRow[];
  /** Followers that are dealt with in the same transaction. */
  readonly followers?: FollowersOutcome;
}

/** What loading a chunk's saved answers again has changed; one transaction. */
export interface ReloadOutcome {
  readonly rowStates: Uint8Array;
  readonly ok: number;
  readonly cleaned: number;
  /** custom_ids of rows that were recorded as failed, and are loaded now. */
  readonly recovered: readonly string[];
  readonly failures: readonly FailedRow[];
  readonly followers?: FollowersOutcome;
}

/** Rows of a run by fate, from sets of custom_ids. */
export interface RowCounts extends ReadCounts {
  readonly requested: number;
  readonly ok: number;
  readonly failed: number;
  readonly pending: number;
  readonly cleaned: number;
  readonly repaired: number;
}

/**
 * The durable memory of all runs in one state folder. Every method is one transaction; when it resolves, what it
 * wrote survives the death of the process and of the machine.
 */
export interface Ledger extends RoomLedger, FollowerLedger, AsyncDisposable {
  readonly watermarks: WatermarkLedger;
  createRun(run: NewRun): Promise<void>;
  /** Creates a run whose every row is in batches that are at the provider already, in one transaction. */
  adoptRun(run: NewRun, chunks: readonly AdoptedChunk[]): Promise<void>;
  run(runId: string): Promise<RunRecord | null>;
  /** Newest first; of one pipeline where it is named. */
  runs(pipeline?: string): Promise<readonly RunRecord[]>;
  /** A status that says that the run ended well moves its pipeline's watermark, in the same transaction. */
  setStatus(runId: string, status: RunStatus, at: number): Promise<void>;
  addWorkedMs(runId: string, ms: number): Promise<void>;
  /** Notes durably that a run is to be cancelled. */
  requestCancel(runId: string): Promise<void>;

  /** Makes a stretch of reading durable: its chunk, its failures, its counts (added up) and where to read on. */
  commitReading(runId: string, commit: ReadCommit): Promise<void>;
  finishReading(runId: string, commit: ReadCommit): Promise<void>;
  /** Forgets a reading pass that cannot be continued. @throws where a chunk of it was uploaded already */
  discardReading(runId: string): Promise<void>;

  chunks(runId: string): Promise<readonly ChunkRecord[]>;
  chunk(runId: string, chunk: number): Promise<ChunkRecord | null>;
  moveChunk(runId: string, chunk: number, state: ChunkState, patch: ChunkPatch): Promise<void>;
  /** Records what became of the rows of some chunks, by chunk number; all of it or nothing. */
  recordOutcomes(runId: string, outcomes: ReadonlyMap<number, ChunkOutcome>): Promise<void>;
  /** Adds a chunk made of rows that are sent again; the rows then stand in it, in the order given. */
  addRetryChunk(runId: string, chunk: NewChunk, customIds: readonly string[]): Promise<void>;

  recordReload(runId: string, chunk: number, outcome: ReloadOutcome): Promise<void>;
  /** Adds a chunk made of rows that had failed for good: they are pending again, as if never sent. */
  addReopenedChunk(runId: string, chunk: NewChunk, customIds: readonly string[], at: number): Promise<void>;

  /** Rows waiting to be sent again, by chunk and line, at most so many. */
  unfinishedRows(runId: string, limit: number): Promise<readonly UnfinishedRow[]>;
  /** The history of a chunk's rows that were sent before, by custom_id; also once they are done with. */
  rowHistory(runId: string, chunk: number): Promise<ReadonlyMap<string, UnfinishedRow>>;
  failedRows(runId: string): AsyncIterable<FailedRow>;
  /** Of these requests, those that failed for good in an earlier run of the pipeline. */
  rememberedFailures(
    pipeline: string,
    customIds: readonly string[],
    hashes: readonly string[],
  ): Promise<ReadonlySet<string>>;
  rowCounts(runId: string): Promise<RowCounts>;
}
