/** What a provider says of its limits beside an answer; every part may be missing. */
export interface PaceHints {
  /** How long it asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | null;
  readonly requests: RateWindow | null;
  readonly tokens: RateWindow | null;
}

/** A rate limit as it stands. */
export interface RateWindow {
  readonly remaining: number;
  /** Milliseconds until it is whole again. */
  readonly resetMs: number;
}

/** What a synchronous request was answered with, whatever its status. */
export interface DirectResponse {
  readonly status: number;
  readonly requestId: string | null;
  /** As it came. */
  readonly body: string;
  readonly pace: PaceHints;
}

/** The synchronous side of a provider. No call is retried inside; an answer of any status is returned. */
export interface DirectSide {
  /**
   * Sends one request and reads its answer whole.
   *
   * @param line a request line of a sealed file
   * @param path where requests of its kind go, as the dialect has it
   * @throws BatchlineError where no answer came; `outcome` says whether the request may have been answered unheard
   */
  ask(line: Buffer, path: string, signal: AbortSignal): Promise<DirectResponse>;
}

export const noHints: PaceHints = { retryAfterMs: null, requests: null, tokens: null };
