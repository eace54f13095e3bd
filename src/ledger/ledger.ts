import type { AnswerLedger, AnswerSizes } from './answer-ledger.ts';
import type { AutoLedger } from './auto-ledger.ts';
import type {
  AdoptedBatch,
  ChunkPatch,
  ChunkPlace,
  ChunkRecord,
  NewChunk,
  TokenCounts,
  UnreadResults,
} from './chunk-record.ts';
import type { ConfirmationLedger } from './confirmation-ledger.ts';
import type { ChunkEvent } from './chunk-state.ts';
import type { Cost } from './cost.ts';
import type { EventLog } from './event-log.ts';
import type { FailedRow } from './failed-row.ts';
import type { FollowerCommit, FollowerLedger, FollowersOutcome } from './follower-ledger.ts';
import type { ForecastLedger } from './forecast-ledger.ts';
import type { LedgerReader } from './ledger-reader.ts';
import type { Notice, NoticeLedger } from './notice-ledger.ts';
import type { RoomLedger } from './room-ledger.ts';
import type { NewRun, PartlyRead, ReadCounts, RunStatus } from './run-record.ts';
import type { WatermarkLedger } from './selection.ts';
import type { UnfinishedRow } from './unfinished-row.ts';

export type {
  AdoptedBatch,
  ChunkPatch,
  ChunkPlace,
  ChunkRecord,
  NewChunk,
  TokenCounts,
  UnreadResults,
} from './chunk-record.ts';
export type { FailedRow, FailureStage } from './failed-row.ts';
export type { LedgerReader, RowCounts } from './ledger-reader.ts';
export {
  isEnded,
  type NewRun,
  type PartlyRead,
  type ReadCounts,
  type RunKind,
  type RunRecord,
  type RunStatus,
  type SourceSchema,
} from './run-record.ts';
export { supersededCode, type BytePlace, type RetryQueue, type UnfinishedRow } from './unfinished-row.ts';

export interface ReadCommit {
  readonly chunk: NewChunk | null;
  readonly cursor: string | null;
  /** All such records there are; none where it is left out. */
  readonly partlyRead?: readonly PartlyRead[];
  readonly counts: ReadCounts;
  readonly failures: readonly FailedRow[];
  readonly followers?: FollowerCommit | null;
}

/** A batch that is at the provider already, as a chunk. */
export interface AdoptedChunk {
  readonly chunk: NewChunk;
  readonly patch: ChunkPatch;
}

/** The outcome of joining a chunk with its results; one transaction. */
export interface ChunkOutcome {
  /** What moves the chunk; null: it stays where it is, since further results may follow. */
  readonly event: ChunkEvent | null;
  readonly rowStates: Uint8Array;
  readonly ok: number;
  readonly cleaned: number;
  /** Answers that were no JSON until they were repaired. */
  readonly repaired: number;
  /** Answers that were cut off and are kept as they are. */
  readonly truncated: number;
  /** What rows are held for; null where none are. */
  readonly unread: UnreadResults | null;
  readonly usage: TokenCounts;
  /** What the provider's responses cost, whatever became of their rows. */
  readonly cost: Cost;
  /** How long the answers were that this outcome is the first to take in. */
  readonly answers?: AnswerSizes | undefined;
  readonly failures: readonly FailedRow[];
  /** custom_ids of rows that were recorded as failed before, and have succeeded after all. */
  readonly recovered: readonly string[];
  readonly unfinished: readonly UnfinishedRow[];
  /** Followers that are dealt with in the same transaction. */
  readonly followers?: FollowersOutcome;
}

/** The outcome of a chunk that was seen at a place. */
export interface PlacedOutcome {
  readonly at: ChunkPlace;
  readonly outcome: ChunkOutcome;
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

/**
 * The durable memory of all runs in one state folder. Every method is one transaction; when it resolves, what it
 * wrote survives the death of the process and of the machine.
 */
export interface Ledger extends LedgerReader, EventLog, RoomLedger, FollowerLedger, AsyncDisposable {
  readonly watermarks: WatermarkLedger;
  readonly auto: AutoLedger;
  readonly forecast: ForecastLedger;
  readonly answers: AnswerLedger;
  readonly notices: NoticeLedger;
  readonly confirmations: ConfirmationLedger;
  /** Looks, as every method that writes does, whether the next process will find this ledger. @throws BatchlineError `state_gone` */
  requireThere(): Promise<void>;
  createRun(run: NewRun): Promise<void>;
  /** Creates a run whose every row is in batches that are at the provider already, in one transaction. */
  adoptRun(run: NewRun, chunks: readonly AdoptedChunk[]): Promise<void>;
  /** A status that says that the run ended well moves its pipeline's watermark, in the same transaction, and so is what is to be told of it. */
  setStatus(runId: string, status: RunStatus, at: number, notice?: Notice | null): Promise<void>;
  addWorkedMs(runId: string, ms: number): Promise<void>;
  /** Notes durably that a run is to be cancelled. */
  requestCancel(runId: string): Promise<void>;

  /** Makes a stretch of reading durable: its chunk, its failures, its counts (added up) and where to read on. */
  commitReading(runId: string, commit: ReadCommit): Promise<void>;
  finishReading(runId: string, commit: ReadCommit): Promise<void>;
  /** Forgets a reading pass that cannot be continued. @throws where a chunk of it was uploaded already */
  discardReading(runId: string): Promise<void>;

  /**
   * Moves a chunk to the state that an event leads to, as the state machine says, and returns it as it then is.
   *
   * @throws BatchlineError `chunk_moved` where it is no longer in that state and epoch; nothing is written
   */
  moveChunk(at: ChunkPlace, event: ChunkEvent, patch?: ChunkPatch): Promise<ChunkRecord>;
  /**
   * Notes that a create whose outcome was unknown has made a batch, unless a chunk has that batch already.
   *
   * @returns null where one has; nothing is written
   */
  adoptBatch(at: ChunkPlace, patch: AdoptedBatch): Promise<ChunkRecord | null>;
  /** Notes that the provider no longer has a part of a chunk's results. */
  noteGone(at: ChunkPlace, part: string): Promise<void>;
  /** Notes that the provider no longer has a chunk's file and results. */
  forgetRemote(runId: string, chunk: number): Promise<void>;
  /**
   * Records what became of the rows of some chunks, all of it or nothing, and returns the chunks as they then are.
   *
   * @throws BatchlineError `chunk_moved` where one is no longer in that state and epoch; nothing is written
   */
  recordOutcomes(outcomes: readonly PlacedOutcome[]): Promise<readonly ChunkRecord[]>;
  /** Adds a chunk made of rows that are sent again; the rows then stand in it, in the order given. */
  addRetryChunk(runId: string, chunk: NewChunk, customIds: readonly string[]): Promise<void>;

  recordReload(runId: string, chunk: number, outcome: ReloadOutcome): Promise<void>;
  /** Adds a chunk made of rows that had failed for good: they are pending again, as if never sent. */
  addReopenedChunk(runId: string, chunk: NewChunk, customIds: readonly string[], at: number): Promise<void>;
}
