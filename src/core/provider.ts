import type { z } from 'zod';
import type { ComponentDeclaration } from './component.ts';
import type { Dialect, Endpoint } from './dialect.ts';

/** The most that one batch file may hold, and that one account may have under way. */
export interface BatchLimits {
  readonly maxRequests: number;
  readonly maxBytes: number;
  /** Embedding inputs summed over a file's lines. */
  readonly maxEmbeddingInputs: number;
  /** Embedding inputs that may be enqueued at a time, over all models. */
  readonly maxEnqueuedInputs: number;
  readonly maxBatchesAnHour: number;
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

/** A batch as the provider reports it, with the dialects of compatible servers evened out. */
export interface RemoteBatch {
  readonly id: string;
  readonly status: BatchStatus;
  /** The provider's own word, where `status` is `unknown`. */
  readonly rawStatus: string;
  readonly inputFileId: string | null;
  readonly outputFileId: string | null;
  readonly errorFileId: string | null;
  readonly errors: readonly BatchFileError[];
  /** Milliseconds since 1970. */
  readonly createdAt: number | null;
  readonly expiresAt: number | null;
  /** When it reached a final state, where the provider says so. */
  readonly endedAt: number | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** The provider's counters, for progress only: they are known to lie. */
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number } | null;
}

/** Why a batch was refused. `line` counts from 1 in the file as uploaded. */
export interface BatchFileError {
  readonly code: string | null;
  readonly line: number | null;
  readonly message: string;
}

/** A file that was uploaded as a batch's input. */
export interface RemoteFile {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number | null;
}

export interface NewBatch {
  readonly inputFileId: string;
  readonly endpoint: Endpoint;
  readonly completionWindow: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Seconds after which the provider deletes the result files. */
  readonly outputExpiresAfter: number | null;
}

export interface UploadFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** Seconds after which the provider deletes it. */
  readonly expiresAfter: number | null;
}

/**
 * The batch side of a provider. No call is retried inside: the engine owns retry and back-off. Every error is a
 * BatchlineError; for `createBatch` its `outcome` says whether the provider surely did nothing (`absent`) or may have
 * created the batch (`unknown`).
 */
export interface OpenedProvider {
  readonly limits: BatchLimits;
  /** Keyed hash of account, organisation and project; never the key itself. */
  readonly accountFingerprint: string;
  /** The cheapest call that needs the key; proves address and key. */
  check(signal: AbortSignal): Promise<void>;
  upload(file: UploadFile, signal: AbortSignal): Promise<{ readonly fileId: string }>;
  createBatch(batch: NewBatch, signal: AbortSignal): Promise<RemoteBatch>;
  getBatch(id: string, signal: AbortSignal): Promise<RemoteBatch>;
  /** Newest first, page after page. */
  listBatches(signal: AbortSignal): AsyncIterable<RemoteBatch>;
  cancelBatch(id: string, signal: AbortSignal): Promise<RemoteBatch>;
  /**
   * Downloads a file whole: under a temporary name, size compared with the file object, synced, renamed to `path`.
   * A cut or stalled download rejects with a retryable error. Resolves with size and hash.
   */
  download(
    fileId: string,
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: number; readonly sha256: string }>;
  /** Uploaded input files, page after page. */
  listFiles(signal: AbortSignal): AsyncIterable<RemoteFile>;
  /** Deletes a file; one that is gone already is deleted. */
  deleteFile(fileId: string, signal: AbortSignal): Promise<void>;
}

export interface ProviderContext {
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  warn(message: string): void;
}

export interface ProviderDeclaration<
  Name extends string = string,
  Config extends z.ZodObject = z.ZodObject,
> extends ComponentDeclaration<Name, Config> {
  readonly dialect: Dialect;
  /** Reads the key and builds the client; reaches nothing. */
  open(config: z.output<Config>, context: ProviderContext): Promise<OpenedProvider>;
}

export function defineProvider<Name extends string, Config extends z.ZodObject>(
  declaration: ProviderDeclaration<Name, Config>,
): ProviderDeclaration<Name, Config> {
  return declaration;
}
