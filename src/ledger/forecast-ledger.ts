/** A batch of an earlier time that ran to its end, and how long it took from its creation. */
export interface PastBatch {
  readonly requests: number;
  readonly ms: number;
}

/** A batch by what sets the time that it takes. */
export interface TimedBatch {
  readonly batchId: string;
  readonly runId: string;
  readonly chunk: number;
  readonly requests: number;
  /** Who answers, as `providerName` has it. */
  readonly provider: string;
  readonly model: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface EndedBatch extends TimedBatch {
  readonly endedAt: number;
  /** Whether it was left to run as long as it took. */
  readonly ranOut: boolean;
}

/** A batch that has not ended, or a file that is to become one. */
export interface AwaitedBatch {
  readonly requests: number;
  /** Estimated prompt tokens. */
  readonly tokens: number;
  /** Milliseconds since 1970; null where it is still to be created. */
  readonly createdAt: number | null;
}

/** The batches of a run that have not ended, and who answers them. */
export interface AwaitedBatches {
  readonly provider: string;
  readonly model: string;
  readonly isRead: boolean;
  /** In the order in which they are sent. */
  readonly batches: readonly AwaitedBatch[];
  /** The limit on enqueued prompt tokens that refusals have taught, or the user has set; null where none is known. */
  readonly maxTokens: number | null;
}

/** Why and since when a run counts as late, in milliseconds since 1970. */
export interface Lateness {
  readonly of: 'deadline' | 'forecast';
  /** When it was to be done. */
  readonly due: number;
  readonly at: number;
}

/** How many files of a run are where, and how many requests are in them. */
export interface Glance {
  readonly requests: number;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly ok: number;
  readonly failed: number;
  readonly files: { readonly waiting: number; readonly running: number; readonly ended: number };
  /** Batches under way, the oldest first; there may be more. */
  readonly oldest: readonly {
    readonly name: string;
    readonly since: number | null;
    readonly requests: number;
  }[];
}

/** What forecasts are made of, for those who only look. */
export interface ForecastReader {
  /** The newest first, at most 200. */
  past(provider: string, model: string): Promise<readonly PastBatch[]>;
  /** Null of a run that never had a batch. */
  awaited(runId: string): Promise<AwaitedBatches | null>;
  /** A run's files, summed up, with so many of its batches: cheap however many there are. */
  glance(runId: string, most: number): Promise<Glance>;
  /** When a run without a deadline counts as late; null where that was not settled. */
  lateFrom(runId: string): Promise<number | null>;
  lateness(runId: string): Promise<Lateness | null>;
}

/** How long batches take, and what was expected of a run. */
export interface ForecastLedger extends ForecastReader {
  noteBegun(batch: TimedBatch): Promise<void>;
  noteEnded(batch: EndedBatch): Promise<void>;
  /** Settles when a run counts as late; what was settled first stands. */
  noteLateFrom(runId: string, at: number): Promise<void>;
  /** @returns whether it was not noted before */
  noteLate(runId: string, lateness: Lateness): Promise<boolean>;
}
