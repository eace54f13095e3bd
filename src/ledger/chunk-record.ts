import type { ResultPart } from '../core/batch-side.ts';
import type { ChunkState } from './chunk-state.ts';
import type { Cost } from './cost.ts';
import type { FollowedChunk } from './follower-ledger.ts';

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

/** Results that may be answers to rows that lack one: paid for, but nobody can tell whose they are. */
export interface UnreadResults {
  /** How many rows are held. */
  readonly rows: number;
  /** Lines that could not be joined with a row. */
  readonly lines: number;
  /** The beginning of the first of them; null where there is none. */
  readonly first: string | null;
  /** The file that it stands in, or that the answers should stand in. */
  readonly path: string;
  /** Lines that were joined. */
  readonly joined: number;
  /** Answers and failures that the provider counts; null where it does not say. */
  readonly reported: number | null;
}

/** A chunk as whoever moves it believes it to be; what holds no longer moves nothing. */
export interface ChunkPlace {
  readonly runId: string;
  readonly chunk: number;
  readonly state: ChunkState;
  /** Rises whenever somebody else takes the chunk over. */
  readonly epoch: number;
}

export interface ChunkRecord extends NewChunk, ChunkPlace, FollowedChunk {
  /** `retry`: its rows were part of an earlier chunk. */
  readonly origin: 'read' | 'retry';
  /** Rises with each refusal, so that a refused batch is never adopted. */
  readonly attempt: number;
  /** How often its file was refused as a whole for a reason that names no line and is not want of room. */
  readonly unexplained: number;
  /** What the provider has answered to the upload of its file; null where it holds none. */
  readonly stored: string | null;
  readonly batchId: string | null;
  /** The batch's last known status at the provider. */
  readonly batchStatus: string | null;
  /** Where its results can be fetched; empty before its batch has ended. */
  readonly results: readonly ResultPart[];
  readonly expiresAt: number | null;
  /** Account that the last create was sent to; null before. */
  readonly account: string | null;
  /** When that create was intended, in milliseconds since 1970; null before. */
  readonly intendedAt: number | null;
  /** How many answers and failures the provider has counted by its batch's end; null where it does not say. */
  readonly reported: number | null;
  /** Which way it went to the provider, or is to go. */
  readonly lane: 'batch' | 'direct';
  /** Synchronous requests that were sent again although they may have been answered. */
  readonly inDoubt: number;
  /** When the provider was to be asked to cancel its batch; null where it was not. */
  readonly cancelledAt: number | null;
  /** Why its rows without a result are held; null where they are not. */
  readonly unread: UnreadResults | null;
  /** A byte a row of the rows file: 0 pending, 1 ok, 2 failed, 3 held. Null before the first result. */
  readonly rowStates: Uint8Array | null;
  readonly ok: number;
  readonly failed: number;
  readonly cleaned: number;
  readonly usage: TokenCounts;
  readonly cost: Cost;
  /** How often its saved answers were loaded again. */
  readonly reloads: number;
}

/** The number of the file after all that there are, which come in order. */
export function nextChunkNumber(chunks: readonly Pick<ChunkRecord, 'chunk'>[]): number {
  return 1 + (chunks.at(-1)?.chunk ?? 0);
}

/** A batch that a chunk is found to have. */
export interface AdoptedBatch extends Pick<ChunkPatch, 'batchStatus' | 'expiresAt'> {
  readonly batchId: string;
}

/** What an event brings along; keys that are left out stay as they are. */
export interface ChunkPatch {
  readonly attempt?: number;
  readonly unexplained?: number;
  readonly stored?: string | null;
  readonly batchId?: string | null;
  readonly batchStatus?: string | null;
  readonly results?: readonly ResultPart[];
  readonly expiresAt?: number | null;
  readonly account?: string;
  readonly reported?: number | null;
  readonly lane?: ChunkRecord['lane'];
  readonly inDoubt?: number;
}
