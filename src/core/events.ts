import type { BatchStatus } from './batch-side.ts';
import type { CursorWindow } from './read-window.ts';

/** How far a run has come. */
export interface Standing {
  /** Records that were read and need not be read again. */
  readonly records: number;
  readonly requested: number;
  /** Whether the source was read to its end. */
  readonly isRead: boolean;
  readonly ok: number;
  readonly failed: number;
  readonly loadedFiles: number;
  /** Files that are sealed and not loaded yet. */
  readonly open: readonly {
    readonly chunk: number;
    readonly requests: number;
    readonly state: 'sealed' | 'uploaded' | 'running' | 'ended';
    /** Since when its batch is under way, in milliseconds since 1970. */
    readonly since?: number | undefined;
    readonly batchId?: string | undefined;
  }[];
}

/** What happened, in the past tense: the one feed of progress, log and dashboard. */
export type PipelineEvent =
  | {
      readonly type: 'RunStarted';
      readonly runId: string;
      readonly pipeline: string;
      readonly resumed: boolean;
      readonly stateDir: string;
      /** The rows that it reads, where it does not read all. */
      readonly window?: CursorWindow | undefined;
      /** Where earlier processes have left it, where it goes on. */
      readonly standing?: Standing | undefined;
    }
  | { readonly type: 'Warned'; readonly message: string }
  | { readonly type: 'RowsRead'; readonly records: number; readonly requested: number }
  | { readonly type: 'ReadingFinished'; readonly records: number }
  | {
      readonly type: 'ChunkSealed';
      readonly chunk: number;
      readonly requests: number;
      readonly bytes: number;
      readonly tokens: number;
    }
  /** What is to be sent, before any of it is. */
  | {
      readonly type: 'PlanMade';
      /** `about`: the source is not read to its end; `at least`: and nobody knows how much of it is left. */
      readonly sureness: 'exact' | 'about' | 'at least';
      readonly requests: number;
      readonly files: number;
      /** Input tokens. */
      readonly input: number;
      /** Whether they were all counted, by the model's own tokenizer. */
      readonly isExact: boolean;
      readonly way: 'batch' | 'standard';
      /** In US dollars; null where it is unknown. */
      readonly cost: { readonly batch: number | null; readonly standard: number | null };
      /** When it should be done, in milliseconds since 1970; null where that is not known. */
      readonly done: number | null;
    }
  | { readonly type: 'FileUploaded'; readonly chunk: number; readonly fileId: string; readonly bytes: number }
  | {
      readonly type: 'BatchSubmitted';
      readonly chunk: number;
      readonly batchId: string;
      readonly adopted: boolean;
    }
  | {
      readonly type: 'BatchPolled';
      readonly chunk: number;
      readonly batchId: string;
      readonly status: BatchStatus;
      /** Rows that the provider has answered, or failed to. */
      readonly completed: number;
      /** The latter, of which some may be sent again. */
      readonly failed: number;
      readonly total: number;
    }
  /** When a batch that has not ended is looked at next, in milliseconds since 1970. Told, and not kept. */
  | { readonly type: 'LookPlanned'; readonly chunk: number; readonly due: number }
  /** When the run's batches should have ended, in milliseconds since 1970: in half of all cases, and in nine of ten. Told, and not kept. */
  | { readonly type: 'EndForecast'; readonly p50: number; readonly p90: number }
  | {
      readonly type: 'BatchEnded';
      readonly chunk: number;
      readonly batchId: string;
      readonly status: BatchStatus;
    }
  /** The provider turned a batch down because too many tokens were enqueued; its file waits for others to end. */
  | { readonly type: 'BatchDeferred'; readonly chunk: number; readonly message: string }
  /** Files wait until the provider has room for them. */
  | {
      readonly type: 'RoomAwaited';
      readonly for: 'tokens' | 'embedding_inputs' | 'batches_an_hour' | 'batches';
      readonly used: number;
      readonly limit: number;
      readonly files: number;
    }
  /** A file was larger than the limit on enqueued tokens, or than the provider takes; its rows move to smaller ones. */
  | {
      readonly type: 'ChunkSuperseded';
      readonly chunk: number;
      readonly of: 'tokens' | 'bytes';
      readonly limit: number;
    }
  /** Which way requests go under `mode: auto`, and why. */
  | {
      readonly type: 'WayChosen';
      readonly way: 'batch' | 'standard';
      /** Requests that were never sent, rows that are to be sent again, or all that is still out near the deadline. */
      readonly about: 'first' | 'again' | 'deadline';
      readonly reason: string;
    }
  /** Of the requests of a file that are sent one by one, so many are answered. */
  | {
      readonly type: 'RequestsAnswered';
      readonly chunk: number;
      readonly answered: number;
      readonly requests: number;
    }
  | { readonly type: 'RowsLoaded'; readonly chunk: number; readonly rows: number }
  | {
      readonly type: 'ChunkLoaded';
      readonly chunk: number;
      readonly ok: number;
      readonly failed: number;
      readonly pending: number;
    }
  /** Rows of the target went whose source row is gone. */
  | { readonly type: 'RowsDeleted'; readonly rows: number }
  /** Rows whose request another row had asked already took its answer, or its failure. */
  | { readonly type: 'FollowersLoaded'; readonly chunk: number; readonly ok: number; readonly failed: number }
  /** Rows that had failed for good were loaded from their saved answers, or are to be sent once more. */
  | { readonly type: 'RowsReopened'; readonly loaded: number; readonly sent: number }
  /** It is not done when it was to be done: by its deadline, or by twice the time that such batches have taken. Told once a run. */
  | {
      readonly type: 'BecameLate';
      readonly of: 'deadline' | 'forecast';
      /** When it was to be done, in milliseconds since 1970. */
      readonly due: number;
    }
  | { readonly type: 'StepRetried'; readonly step: string; readonly message: string; readonly waitMs: number }
  | { readonly type: 'RunEnded'; readonly runId: string; readonly status: string };

/** Receives each event as it happens; must not throw. */
export type EventListener = (event: PipelineEvent) => void;

/** An event as it is told outside of the engine: free of secrets, and known by when and where it happened. */
export type ToldEvent = PipelineEvent & {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Null before the run is known. */
  readonly runId: string | null;
};

/** Receives what is told; must not throw. */
export type ToldListener = (event: ToldEvent) => void;
