import type { ChunkPlace, ChunkRecord } from './chunk-record.ts';
import type { RoomDecision, RoomLimits, RoomState, WantedRoom } from './room.ts';

/** Whose room at the provider is asked for. */
export interface RoomScope {
  /** The account's fingerprint. */
  readonly account: string;
  readonly model: string;
  readonly limits: RoomLimits;
}

/** A chunk that is to become a batch. */
export interface RoomClaim extends RoomScope, ChunkPlace {
  readonly wanted: WantedRoom;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What came of a claim, and the chunk as it then is; null where nothing was written. */
export interface ClaimedRoom {
  readonly decision: RoomDecision;
  readonly chunk: ChunkRecord | null;
}

/** A chunk whose batch was refused because too many tokens were enqueued. */
export interface RefusedRoom extends RoomScope {
  readonly runId: string;
  readonly chunk: number;
  /** The limit that the provider named; null where it named none. */
  readonly statedLimit: number | null;
  readonly now: number;
}

/**
 * The room that an account has at the provider, shared by all runs of the ledger. A batch takes room from the intent
 * to create it until it is known to have ended, or must have.
 */
export interface RoomLedger {
  roomState(scope: RoomScope, now: number): Promise<RoomState>;
  /**
   * Writes the intent to create a chunk's batch (`create_intended`), if there is room for it, else nothing.
   *
   * @throws BatchlineError `chunk_moved` where the chunk is no longer in that state and epoch
   */
  claimRoom(claim: RoomClaim): Promise<ClaimedRoom>;
  /** Lowers what is known of the limit, where the refusal says so. @returns the state beside the refused batch */
  learnFromRefusal(refused: RefusedRoom): Promise<RoomState>;
  /** Notes how a batch ended whose run nobody is working on, or that may not exist, so that it takes no more room. */
  noteBatchStatus(runId: string, chunk: number, batchStatus: string): Promise<void>;
}
