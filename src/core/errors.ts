/**
 * The one error that batchline throws on purpose. It says what happened (`message`), where (`where`)
 * and what the person can do about it (`hint`); `code` is stable and may be matched by scripts.
 *
 * Anything else that reaches the command line is a defect of ours and is shown as one.
 */
export class BatchlineError extends Error {
  override readonly name = 'BatchlineError';
  readonly code: string;
  /** Whether the same call may succeed when it is simply made again later. */
  readonly retryable: boolean;
  /** The file, table, row or address that the error is about. */
  readonly where: string | undefined;
  /** One sentence that tells the person what to do. */
  readonly hint: string | undefined;
  /** The exit code that the command ends with, where it does not follow from when the error came. */
  readonly exitCode: number | undefined;
  /** What a provider did with a request that changes something and was not answered with success. */
  readonly outcome: Outcome | undefined;
  /** How long the provider asked to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, options: BatchlineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.where = options.where;
    this.hint = options.hint;
    this.exitCode = options.exitCode;
    this.outcome = options.outcome;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** The same error, of a call that is not to be made again. */
  asFinal(): BatchlineError {
    const { code, message, where, hint, exitCode, outcome, cause } = this;
    return new BatchlineError(code, message, {
      where,
      hint,
      cause,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(outcome === undefined ? {} : { outcome }),
    });
  }
}

/** What to say of an error that was not thrown on purpose. */
export const defectHint = 'this is a defect in batchline; --log-level debug shows where it happened';

/**
 * - `absent`: surely nothing
 * - `denied`: nothing, as something says that may not be the provider itself
 * - `unknown`: maybe what it was asked for
 */
export type Outcome = 'absent' | 'denied' | 'unknown';

export interface BatchlineErrorOptions {
  readonly retryable?: boolean;
  readonly where?: string | undefined;
  readonly hint?: string | undefined;
  readonly exitCode?: number;
  readonly outcome?: Outcome;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The `code` of a BatchlineError, a Node system error or a database error; undefined where there is none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node's AggregateError (a refused connection to a name with two addresses) has an empty message.
  if (error.message === '' && error instanceof AggregateError)
    return error.errors.map(errorMessage).join('; ');
  return error.message;
}
