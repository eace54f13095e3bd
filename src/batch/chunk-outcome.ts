import type { Blame } from '../core/blame.ts';
import type { Cost } from '../ledger/cost.ts';
import type { ChunkEvent } from '../ledger/chunk-state.ts';
import type {
  BytePlace,
  ChunkOutcome,
  FailedRow,
  TokenCounts,
  UnfinishedRow,
  UnreadResults,
} from '../ledger/ledger.ts';
import {
  rowState,
  storedState,
  type ChunkSpan,
  type FailedResult,
  type Reconciliation,
} from './reconciliation.ts';

/** When a row stops being sent again (contract section 5). */
export interface AttemptLimits {
  /** Responses of the provider for one row. */
  readonly attempts: number;
  /** Submissions of one row, answered or not. */
  readonly submissions: number;
  /** Codes of the `answer` stage that are sent again, by `on_invalid`. */
  readonly retriedAnswers: ReadonlySet<string>;
}

/** What the rows of one chunk have come to. */
export interface OutcomeContext {
  readonly event: ChunkEvent;
  readonly limits: AttemptLimits;
  /** The chunk's rows that were sent before, by custom_id. */
  readonly history: ReadonlyMap<string, UnfinishedRow>;
  readonly usage: TokenCounts;
  readonly cost: Cost;
  readonly cleaned: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether further result files may follow, so that rows without a lasting result stay pending. */
  readonly moreToCome: boolean;
  /** Why rows without a result are held instead of sent again; null where they are not. */
  readonly unread?: UnreadResults | null;
}

const missing = {
  stage: 'request',
  code: 'missing',
  message: 'The row stands in neither the output nor the error file.',
  retryable: true,
  ran: false,
  blame: 'provider',
} as const;

/** Decides the fate of every row of a chunk: ok, failed for good, or to be sent again. Pure. */
export function chunkOutcome(
  reconciliation: Reconciliation,
  span: ChunkSpan,
  context: OutcomeContext,
): ChunkOutcome {
  const states = reconciliation.states.slice(span.offset, span.offset + span.chunk.requests);
  const { unread = null } = context;
  const failures: FailedRow[] = [];
  const unfinished: UnfinishedRow[] = [];
  const recovered: string[] = [];
  const answered = anyAnswered(reconciliation, span);
  let ok = 0;
  for (const [line, state] of states.entries()) {
    const index = span.offset + line;
    if (state === rowState.ok) {
      ok += 1;
      if (span.chunk.rowStates?.[line] === rowState.failed) recovered.push(span.rows.customIds[line] ?? '');
    } else if (reconciliation.refusals.has(index))
      failures.push(refusedRow(reconciliation, span, line, context));
    else if (state === rowState.pending) {
      const result = reconciliation.failures.get(index);
      const before = context.history.get(span.rows.customIds[line] ?? '');
      if (result === undefined && unread !== null) {
        states[line] = rowState.held;
        continue;
      }
      if (result === undefined && context.moreToCome) {
        if (before !== undefined) unfinished.push(before);
        continue;
      }
      const fate = unsuccessfulRow(
        span,
        line,
        result === undefined
          ? { ...missing, ...lastWords(before, context) }
          : { ...result, blame: settledBlame(result, answered) },
        reconciliation.invalidAnswers.get(index) ?? null,
        context,
      );
      if ('stage' in fate) {
        states[line] = rowState.failed;
        failures.push(fate);
      } else unfinished.push(fate);
    }
  }
  return {
    event: context.event,
    rowStates: states.map(storedState),
    ok,
    cleaned: context.cleaned,
    // What was repaired of several chunks together is booked on the first.
    repaired: span.offset === 0 ? reconciliation.repaired : 0,
    truncated: span.offset === 0 ? reconciliation.truncated : 0,
    unread,
    usage: context.usage,
    cost: context.cost,
    failures,
    recovered,
    unfinished,
  };
}

/** Whether the provider has answered any row of a chunk, well or badly. */
export function anyAnswered({ states, failures }: Reconciliation, { chunk, offset }: ChunkSpan): boolean {
  if (states.subarray(offset, offset + chunk.requests).includes(rowState.ok)) return true;
  return failures.values().some(({ stage }) => stage === 'answer');
}

/** A refusal that may be the account's as well as the row's is the account's where it was given to all. */
export function settledBlame({ blame }: Pick<FailedResult, 'blame'>, answered: boolean): Blame {
  if (blame !== 'unclear') return blame;
  return answered ? 'row' : 'account';
}

/** Where no further results will come, what was last heard of a row says more than that it is missing. */
function lastWords(
  before: UnfinishedRow | undefined,
  { limits }: OutcomeContext,
): { readonly code: string; readonly message: string } | undefined {
  return limits.attempts === 0 && before !== undefined ? before : undefined;
}

function refusedRow(
  reconciliation: Reconciliation,
  span: ChunkSpan,
  line: number,
  context: OutcomeContext,
): FailedRow {
  const refusal = reconciliation.refusals.get(span.offset + line);
  const row = span.rows.row(line);
  return failedRow(span, line, {
    stage: 'load',
    code: refusal?.code ?? 'load_failed',
    message: refusal?.message ?? 'The answer could not be loaded.',
    attempts: (context.history.get(row.customId)?.attempts ?? 0) + 1,
  });
}

function unsuccessfulRow(
  span: ChunkSpan,
  line: number,
  result: Pick<FailedResult, 'stage' | 'code' | 'message' | 'retryable' | 'ran'> & { readonly blame: Blame },
  answer: BytePlace | null,
  context: OutcomeContext,
): FailedRow | UnfinishedRow {
  const customId = span.rows.customIds[line] ?? '';
  const before = context.history.get(customId);
  const { code, message } = result;
  const { limits } = context;
  // Once the account is in order again, the row has as many tries as any other.
  const isAccounts = result.blame === 'account' && limits.attempts > 0;
  const attempts = (before?.attempts ?? 0) + (result.ran && !isAccounts ? 1 : 0);
  // Line by line, what has no result was not sent, or came to nothing while the provider was away.
  const wasSent = span.chunk.lane === 'batch' || result.ran;
  // The rows of a file that was too large for the provider were never sent in it. What a refused file is refused for
  // may change each time, which must come to an end.
  const isSubmission =
    context.event === 'batch_refused' || (context.event !== 'file_superseded' && !isAccounts && wasSent);
  const submissions = (before?.submissions ?? 0) + (isSubmission ? 1 : 0);
  const retryable = result.retryable || (result.stage === 'answer' && limits.retriedAnswers.has(code));
  if (!isAccounts && (!retryable || attempts >= limits.attempts))
    return failedRow(span, line, { ...result, attempts });
  if (submissions >= limits.submissions) {
    return failedRow(span, line, {
      stage: 'request',
      code: 'never_ran',
      blame: 'provider',
      message: `Sent ${submissions} times without running. Last: ${message}`,
      attempts,
    });
  }
  const since = before?.since ?? context.now;
  const place = { chunk: span.chunk.chunk, line };
  return {
    customId,
    ...place,
    attempts,
    submissions,
    code,
    message,
    since,
    answer: result.stage === 'answer' ? answer : null,
    isReasking: before?.isReasking ?? false,
  };
}

function failedRow(
  span: ChunkSpan,
  line: number,
  failure: Pick<FailedRow, 'stage' | 'code' | 'message' | 'attempts' | 'blame'>,
): FailedRow {
  const row = span.rows.row(line);
  return {
    customId: row.customId,
    key: row.key,
    stage: failure.stage,
    code: failure.code,
    message: failure.message,
    attempts: failure.attempts,
    blame: failure.blame ?? 'row',
    chunk: span.chunk.chunk,
    batchId: span.chunk.batchId,
    requestHash: row.requestHash,
    request: null,
  };
}
