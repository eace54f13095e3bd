/** What somebody is to be told of a run. */
export interface Notice {
  readonly runId: string;
  /** What it is told for: the same again is not told twice in a row. */
  readonly cause: string;
  /** JSON, without secrets. */
  readonly body: string;
}

/** A notice that was not sent yet, as far as this ledger knows. */
export interface DueNotice extends Notice {
  readonly id: number;
}

/** What is to be told of runs, kept until it was, so that the death of a process keeps nobody from hearing of it. */
export interface NoticeLedger {
  /** Those of a pipeline, the oldest first. */
  due(pipeline: string): Promise<readonly DueNotice[]>;
  /** Adds one, unless the run's last one had the same cause; that it is late is told once, whatever came between. */
  add(notice: Notice): Promise<void>;
  /** Notes that one was sent, or that nobody could be reached. */
  settled(id: number): Promise<void>;
}
