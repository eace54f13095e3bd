/**
 * Whether a provider has room for another batch of an account and model: the decision alone, without I/O. A ledger
 * makes it inside the transaction that writes the create's intent, so that no two processes take the same room.
 */

/** What a provider holds an account to, or the user does. */
export interface RoomLimits {
  /** The most prompt tokens of one model that may be enqueued, as the user has set it; null where it is to be learned. */
  readonly tokens: number | null;
  /** The most embedding inputs enqueued at a time, over all models. */
  readonly inputs: number;
  readonly batchesAnHour: number;
  /** The most batches under way at a time; left out where no limit is known. */
  readonly batchesUnderWay?: number;
}

/** A limit that the provider's refusals have taught. */
export interface LearnedCap {
  readonly tokens: number;
  /** Whether the provider named the number; else it is a guess. */
  readonly isStated: boolean;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

/** A batch that waits for its answers at the provider, or may do so. */
export interface EnqueuedBatch {
  readonly runId: string;
  readonly chunk: number;
  readonly batchId: string | null;
  /** Prompt tokens of the model in question, as estimated when the file was written; 0 for those of another model. */
  readonly tokens: number;
  readonly inputs: number;
}

export interface RoomState {
  readonly limits: RoomLimits;
  readonly learned: LearnedCap | null;
  /** What an estimated token has come to in reported usage, at least 0.5. */
  readonly tokensPerEstimate: number;
  readonly enqueued: readonly EnqueuedBatch[];
  /** Batches created in the last hour, of all models. */
  readonly createdLastHour: number;
}

/** A file that is to become a batch. */
export interface WantedRoom {
  readonly requests: number;
  /** Prompt tokens as estimated when the file was written. */
  readonly tokens: number;
  readonly inputs: number;
}

export type RoomKind = 'tokens' | 'embedding_inputs' | 'batches_an_hour' | 'batches';

export type RoomDecision =
  | { readonly kind: 'take' }
  | TooLarge
  | { readonly kind: 'wait'; readonly for: RoomKind; readonly used: number; readonly limit: number };

/** A file that is larger than the limit alone and never fits. */
export interface TooLarge {
  readonly kind: 'too_large';
  readonly cap: TokenCap;
  /** The most estimated tokens that fit. */
  readonly largest: number;
}

/** The limit on enqueued tokens that holds now. */
export interface TokenCap {
  readonly tokens: number;
  readonly isStated: boolean;
}

/** The lower of what the user has set and what was learned since; null where nothing is known. */
export function tokenCap({ limits, learned }: Pick<RoomState, 'limits' | 'learned'>): TokenCap | null {
  if (learned !== null && learned.tokens < (limits.tokens ?? Infinity)) {
    return { tokens: learned.tokens, isStated: learned.isStated };
  }
  return limits.tokens === null ? null : { tokens: limits.tokens, isStated: true };
}

/** The most estimated tokens that a limit leaves room for; whole, so that every comparison is exact. */
export function estimatesWithin(tokens: number, tokensPerEstimate: number): number {
  return Math.floor(tokens / tokensPerEstimate);
}

/**
 * Decides whether a file may become a batch now. For tokens and inputs nothing waits while none are enqueued; the
 * limit on batches an hour passes with time.
 */
export function decideRoom(state: RoomState, wanted: WantedRoom): RoomDecision {
  const cap = tokenCap(state);
  const byTokens = cap === null ? null : decideTokens(state, cap, wanted);
  if (byTokens !== null) return byTokens;
  const inputs = sum(state.enqueued, 'inputs');
  if (wanted.inputs > 0 && inputs > 0 && inputs + wanted.inputs > state.limits.inputs) {
    return { kind: 'wait', for: 'embedding_inputs', used: inputs, limit: state.limits.inputs };
  }
  const { batchesAnHour: limit, batchesUnderWay = Infinity } = state.limits;
  if (state.enqueued.length >= batchesUnderWay)
    return { kind: 'wait', for: 'batches', used: state.enqueued.length, limit: batchesUnderWay };
  if (state.createdLastHour < limit) return { kind: 'take' };
  return { kind: 'wait', for: 'batches_an_hour', used: state.createdLastHour, limit };
}

/** @returns null where the limit on tokens has nothing against the file */
function decideTokens(state: RoomState, cap: TokenCap, wanted: WantedRoom): RoomDecision | null {
  const largest = estimatesWithin(cap.tokens, state.tokensPerEstimate);
  const enqueued = sum(state.enqueued, 'tokens');
  if (enqueued + wanted.tokens <= largest) return null;
  if (wanted.tokens > largest) {
    if (cap.isStated || wanted.requests > 1) return { kind: 'too_large', cap, largest };
    // A single row cannot be made smaller; whether a guessed limit is really below it, only trying tells.
    if (enqueued === 0) return null;
  }
  return { kind: 'wait', for: 'tokens', used: enqueuedTokens(state), limit: cap.tokens };
}

/** Enqueued tokens of the model, as far as estimates can tell. */
export function enqueuedTokens(state: RoomState): number {
  return Math.round(sum(state.enqueued, 'tokens') * state.tokensPerEstimate);
}

function sum(batches: readonly EnqueuedBatch[], what: 'tokens' | 'inputs'): number {
  return batches.reduce((total, batch) => total + batch[what], 0);
}

/** A batch that was refused because too many tokens were enqueued. */
export interface RoomRefusal {
  /** The limit that the provider named; null where it named none. */
  readonly statedLimit: number | null;
  /** When its creation was intended; milliseconds since 1970. */
  readonly submittedAt: number;
  /** Its own estimated tokens. */
  readonly tokens: number;
}

/** What a limit becomes of itself where the provider names no number. */
const cut = 0.8;

/**
 * What a refusal teaches; null where nothing. The cap only ever falls, and a refusal of a batch that was submitted
 * before it last changed says nothing of it as it is now: else one burst of refusals would multiply the cut.
 *
 * @param state as it is beside the refused batch
 */
export function learnFromRefusal(state: RoomState, refusal: RoomRefusal, now: number): LearnedCap | null {
  const { statedLimit, submittedAt } = refusal;
  if (state.learned !== null && submittedAt <= state.learned.changedAt) return null;
  const present = tokenCap(state)?.tokens ?? Infinity;
  if (statedLimit !== null && statedLimit < present) {
    return { tokens: statedLimit, isStated: true, changedAt: now };
  }
  // Refused for others' batches: their end makes room. Refused alone: the estimate must be too low, or others use
  // the account; a smaller file is what may still pass.
  if (statedLimit !== null && sum(state.enqueued, 'tokens') > 0) return null;
  const enqueued = (sum(state.enqueued, 'tokens') + refusal.tokens) * state.tokensPerEstimate;
  const tokens = Math.max(1, Math.floor(cut * (present === Infinity ? enqueued : present)));
  return tokens < present ? { tokens, isStated: false, changedAt: now } : null;
}
