import type { Blame } from './blame.ts';
import type { RequestBlock } from './request-block.ts';

/** The most that one batch may hold, and that one account may have under way. */
export interface BatchLimits {
  readonly maxRequests: number;
  readonly maxBytes: number;
  /** Embedding inputs summed over a batch's requests. */
  readonly maxEmbeddingInputs: number;
  /** Embedding inputs that may be enqueued at a time, over all models. */
  readonly maxEnqueuedInputs: number;
  readonly maxBatchesAnHour: number;
  /** Batches of one account under way at a time. Left out where no limit is known. */
  readonly maxBatchesUnderWay?: number;
}

/** The words that every provider's states are translated into. `unknown` is treated as not ended. */
export type BatchStatus =
  | 'validating'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'failed'
  | 'expired'
  | 'cancelling'
  | 'cancelled'
  | 'unknown';

const ended: ReadonlySet<string> = new Set<BatchStatus>(['completed', 'failed', 'expired', 'cancelled']);

/** Whether a batch never leaves this status any more. */
export function hasEnded(status: string | null): boolean {
  return status !== null && ended.has(status);
}

/** What a batch is known by as ours, as far as a provider keeps it. */
export interface BatchLabel {
  readonly pipeline: string;
  /** Tells pipelines of one name apart (contract section 4); null where the batch does not say. */
  readonly job: string | null;
  readonly run: string;
  readonly chunk: number;
  /** Rises with each refusal, so that a refused batch is never adopted. */
  readonly attempt: number;
}

/** A sealed batch file on its way to the provider. */
export interface ChunkFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly requests: number;
  readonly request: RequestBlock;
  readonly label: BatchLabel;
  /** The provider's own word for how long it may take. */
  readonly completionWindow: string;
  /** Milliseconds after which the provider deletes what it keeps. */
  readonly expiresAfterMs: number;
}

/** What is wrong with one line of a batch file. */
export interface LineFault {
  readonly code: string | null;
  readonly message: string;
  /** The row's where it is left out. */
  readonly blame?: Blame;
}

/**
 * Why a provider turned a whole batch down, of which nothing ran and nothing was paid.
 * - `room`: too much is enqueued or under way; `limit` is what the provider named as the most enqueued tokens
 * - `lines`: some lines are at fault; they count from 1
 * - `size`: the file is too large
 * - `unexplained`: it names none of these
 */
export type Refusal = (
  | {
      readonly kind: 'room';
      readonly of: 'tokens' | 'batches';
      readonly limit: number | null;
      readonly message: string;
    }
  | { readonly kind: 'size'; readonly message: string }
  | { readonly kind: 'lines'; readonly lines: ReadonlyMap<number, LineFault> }
  | { readonly kind: 'unexplained'; readonly message: string }
) & {
  /** Whether it may not be the provider that says so, but something on the way to it. */
  readonly isHearsay?: boolean;
};

/** Where results of a batch can be fetched. */
export interface ResultPart {
  /** The provider's own name for it; nobody else looks into it. */
  readonly id: string;
  readonly holds: 'answers' | 'errors' | 'both';
  /** Whether the provider was found to have it no longer. */
  readonly isGone?: true;
}

/** A batch as the provider reports it, with the dialects of compatible servers evened out. */
export interface RemoteBatch {
  readonly id: string;
  readonly status: BatchStatus;
  /** The provider's own word, where `status` is `unknown`. */
  readonly rawStatus: string;
  /** Null where nothing says that it is ours. */
  readonly label: BatchLabel | null;
  /** What `store` has answered, or what its requests can be fetched by; null where the provider does not say. */
  readonly input: string | null;
  readonly results: readonly ResultPart[];
  /** Null of any batch that was not turned down as a whole. */
  readonly refusal: Refusal | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number | null;
  readonly expiresAt: number | null;
  /** When it reached a final state, where the provider says so. */
  readonly endedAt: number | null;
  /** The provider's counters, for progress only: they are known to lie. */
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number } | null;
}

/** Whether answers of a batch that has ended may be paid for, and nothing says where they are. */
export function hasUnnamedResults({
  status,
  results,
  counts,
}: Pick<RemoteBatch, 'status' | 'results' | 'counts'>): boolean {
  if (results.length > 0) return false;
  return counts === null ? status === 'completed' : counts.completed > 0;
}

/**
 * How a batch of ours is known again after a create whose outcome is unknown.
 * - `label`: each batch carries its label
 * - `input`: by its label or, where a server keeps none, by its input; where it shows neither, by its requests
 * - `requests`: nothing names it: only the ids in its results tell whose they are
 */
export type KnownBy = 'label' | 'input' | 'requests';

/** Something of ours that a provider keeps though no batch may need it any more. */
export interface Leftover {
  readonly id: string;
  /** The run that it was made for. */
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number | null;
}

/**
 * The batch side of a provider. No call is retried inside: the engine owns retry and back-off. Every error is a
 * BatchlineError; for `create` its `outcome` says whether the batch may have been created all the same. Handles are opaque: whoever holds one only hands it back.
 */
export interface BatchSide {
  readonly limits: BatchLimits;
  readonly knownBy: KnownBy;
  /** Whether its batches may go on for long past the end that they were given, and are to be waited for. */
  readonly mayEndLate?: boolean;
  /** Brings a file to the provider, which costs nothing. Absent where `create` carries the requests itself. */
  store?(file: ChunkFile, signal: AbortSignal): Promise<string>;
  /**
   * The one call that costs money.
   *
   * @param stored what `store` has answered; null where there is no `store`
   * @returns the batch, or why it was turned down at once, which rules out that it was created unless it is hearsay
   */
  create(file: ChunkFile, stored: string | null, signal: AbortSignal): Promise<RemoteBatch | Refusal>;
  look(id: string, signal: AbortSignal): Promise<RemoteBatch>;
  /** Newest first, page after page. */
  list(signal: AbortSignal): AsyncIterable<RemoteBatch>;
  cancel(id: string, signal: AbortSignal): Promise<RemoteBatch>;
  /**
   * Downloads results, or the input, of a batch whole: under a temporary name, synced, renamed to `path`. A download
   * that was cut or has stalled rejects with a retryable error.
   */
  fetch(batchId: string, part: string, path: string, signal: AbortSignal): Promise<void>;
  /** The same without keeping it, for one who may stop reading at any time. */
  read(batchId: string, part: string, signal: AbortSignal): AsyncIterable<Buffer>;
  /** What the provider keeps beside batches. Absent where it keeps nothing. */
  readonly leftovers?: {
    list(signal: AbortSignal): AsyncIterable<Leftover>;
    /** Also of results and inputs; one that is gone already is deleted. */
    delete(id: string, signal: AbortSignal): Promise<void>;
  };
}
