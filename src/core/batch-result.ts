import type { Blame } from './blame.ts';
import type { Value } from './value.ts';

/** Token counts as the provider reported them; null where it left one out. */
export interface Usage {
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly total_tokens: number | null;
  readonly cached_tokens: number | null;
}

/** Of a response that says nothing of its usage. */
export const noUsage: Usage = {
  input_tokens: null,
  output_tokens: null,
  total_tokens: null,
  cached_tokens: null,
};

/** What a response is billed by, beside its usage. */
export interface Billing {
  /** The tier that served it, by the word of pipeline files where they have one; null where it names none. */
  readonly tier: string | null;
  /** Tokens of the prompt that were written to a prompt cache. */
  readonly cacheWrite: number;
  /** Those of them that are kept there for minutes only, where the provider sells longer ones too. */
  readonly cacheWriteBriefly: number;
}

/** Of a response that says nothing but its usage. */
export const usualBilling: Billing = { tier: null, cacheWrite: 0, cacheWriteBriefly: 0 };

/** One line of an output or error file, understood. */
export type ClassifiedResult =
  | { readonly kind: 'ok'; readonly customId: string; readonly answer: Answer }
  /**
   * `retryable`: worth sending again by itself. `ran`: the provider returned a response, so it counts as an attempt.
   * `blame`: whose fault it is; `unclear` is the account's where no row of the batch was answered, else the row's.
   */
  | {
      readonly kind: 'failed';
      readonly customId: string;
      readonly stage: 'request' | 'answer';
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
      readonly ran: boolean;
      readonly blame: Blame | 'unclear';
      readonly usage: Usage | null;
      /** The usual one where it is left out. */
      readonly billing?: Billing;
    }
  | { readonly kind: 'unparsable'; readonly message: string };

/** What a column's expression sees of an answer, beside the row. */
export interface Answer {
  readonly text: string | null;
  /** `text` parsed and checked against the output schema; undefined where it was not asked for and not needed. */
  readonly json: Value | undefined;
  /** Whether `text` was no JSON and `json` is what it was repaired to. */
  readonly isRepaired: boolean;
  readonly embedding: Float32Array | null;
  readonly model: string | null;
  readonly finishReason: string | null;
  readonly requestId: string | null;
  readonly usage: Usage;
  readonly billing: Billing;
  /** The raw response body, parsed. */
  readonly body: Value;
}
