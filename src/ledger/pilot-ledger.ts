/** How far the pilot of a run has come: the files that are sent before all others. */
export interface PilotStanding {
  /** Its files, those of rows that are sent again included. */
  readonly files: number;
  /** Rows that it was made of. */
  readonly requests: number;
  /** Rows of it that are loaded. */
  readonly ok: number;
  /** Files of it that are still under way, or held. */
  readonly open: number;
  /** Rows that wait to be sent again. */
  readonly waiting: number;
  /** Files of the source that are not part of it. */
  readonly others: number;
  readonly isRead: boolean;
  /** Whether the rest may leave, for good. */
  readonly isPassed: boolean;
}

/** Rows of the pilot that failed for good with one code. */
export interface PilotFailures {
  readonly stage: string;
  readonly code: string;
  readonly rows: number;
  /** The first of them, each with its key. */
  readonly examples: readonly string[];
}

export interface PilotLedger {
  standing(runId: string): Promise<PilotStanding>;
  /** The commonest first. */
  failures(runId: string): Promise<readonly PilotFailures[]>;
  /** The number of the run's last file, of the pilot or not; 0 where there is none. */
  lastChunk(runId: string): Promise<number>;
  /** Notes that the rest may leave. */
  pass(runId: string, at: number): Promise<void>;
}
