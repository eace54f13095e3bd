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
   * @param tier one that the dialect names; what the provider usually does where it is left out
   * @throws BatchlineError where no answer came; `outcome` says whether the request may have been answered unheard
   */
  ask(line: Buffer, path: string, signal: AbortSignal, tier?: string): Promise<DirectResponse>;
  /** Absent where a provider has no such requests. */
  readonly later?: LaterSide;
}

/** The answer to a request that is to be answered later. */
export interface Begun extends DirectResponse {
  /** By which its answer is got; null where this is the answer, or it was not accepted. */
  readonly handle: string | null;
}

/**
 * How an accepted request stands.
 * - `under_way`: it will be answered
 * - `ended`: this is its answer, or says that it has none
 * - `gone`: the provider does not know it
 * - `unsaid`: the provider said nothing about it
 */
export interface Looked extends DirectResponse {
  readonly state: 'under_way' | 'ended' | 'gone' | 'unsaid';
}

/** Requests that are accepted at once and answered within hours. No call is retried inside; each throws as `ask` does. */
export interface LaterSide {
  /** @param tier one of the dialect's windows */
  begin(line: Buffer, signal: AbortSignal, tier: string): Promise<Begun>;
  look(handle: string, signal: AbortSignal): Promise<Looked>;
  /** Cancels it; where it had ended before, that stays as it is. */
  abandon(handle: string, signal: AbortSignal): Promise<Looked>;
}

export const noHints: PaceHints = { retryAfterMs: null, requests: null, tokens: null };
