import type { ChunkPlace, ChunkRecord } from './chunk-record.ts';

/** How much of a run is still to be answered. */
export interface Outlook {
  /** Whether the source was read to its end. */
  readonly isRead: boolean;
  /** Requests of the run so far; one that is sent again counts once. */
  readonly requests: number;
  /** Those that are to be sent again, or are on their way again. */
  readonly again: number;
  /** Those that are to be sent, or whose answers are awaited. */
  readonly out: number;
  /** Of these, those that are asked synchronously already. */
  readonly asking: number;
  /** Files that are on their way into a batch, or in one that may be under way. */
  readonly inBatches: number;
  /** Estimated prompt tokens. */
  readonly tokensPerRequest: number;
}

/** What was measured of a pipeline; null where nothing was. */
export interface Durations {
  /** The median time of a synchronous request to the model. */
  readonly requestMs: number | null;
  /** The longest time from asking for a batch's cancellation to its end. */
  readonly cancelMs: number | null;
}

export interface Measured {
  readonly pipeline: string;
  readonly model: string;
  readonly what: 'request' | 'cancel';
}

/** What the choice between batches and synchronous requests needs to know, and to remember. */
export interface AutoLedger {
  outlook(runId: string): Promise<Outlook>;
  durations(pipeline: string, model: string): Promise<Durations>;
  /** Keeps how long something took, as milliseconds, each rounded to two digits. */
  addDurations(measured: Measured, ms: readonly number[]): Promise<void>;
  /**
   * Notes when a run is to be done; null where it may take its time. Another deadline than before takes back that batches
   * were given up for it. Of a run that has ended once the deadline stands.
   */
  noteDeadline(runId: string, at: number | null): Promise<void>;
  /** Notes that no batch of the run is waited for any longer. */
  noteCutOver(runId: string, at: number): Promise<void>;
  /** Notes that the provider is to be asked to cancel a chunk's batch. */
  noteCancel(at: ChunkPlace, now: number): Promise<ChunkRecord>;
}
