import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Blame } from '../../core/blame.ts';
import type { ResultPart } from '../../core/batch-side.ts';
import type { ChunkState } from '../chunk-state.ts';
import type {
  ChunkOutcome,
  ChunkRecord,
  FailedRow,
  FailureStage,
  NewRun,
  ReadCommit,
  RetryQueue,
  RowCounts,
  RunKind,
  RunRecord,
  RunStatus,
  SourceSchema,
  UnfinishedRow,
} from '../ledger.ts';
import type { RunSelection } from '../selection.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

const text = (row: Row, name: string) => String(row[name]);
const textOrNull = (row: Row, name: string) => (row[name] === null ? null : text(row, name));
const integer = (row: Row, name: string) => Number(row[name]);
const dollars = integer;
const integerOrNull = (row: Row, name: string) => (row[name] === null ? null : integer(row, name));

export function toRun(row: Row): RunRecord {
  return {
    runId: text(row, 'run_id'),
    pipeline: text(row, 'pipeline'),
    kind: text(row, 'kind') as RunKind,
    status: text(row, 'status') as RunStatus,
    fingerprint: text(row, 'fingerprint'),
    fingerprintParts: JSON.parse(text(row, 'fingerprint_parts')) as Record<string, string>,
    folder: text(row, 'folder'),
    target: text(row, 'target'),
    path: text(row, 'path'),
    schema: JSON.parse(text(row, 'source_schema')) as SourceSchema,
    selection: JSON.parse(textOrNull(row, 'selection') ?? '{}') as RunSelection,
    startedAt: integer(row, 'started_at'),
    endedAt: integerOrNull(row, 'ended_at'),
    workedMs: integer(row, 'worked_ms'),
    readingFinished: row['reading_finished'] === 1,
    cancelRequested: row['cancel_requested'] === 1,
    readCursor: textOrNull(row, 'read_cursor'),
    followers: integer(row, 'followers'),
    followerBytes: integer(row, 'follower_bytes'),
    deadlineAt: integerOrNull(row, 'deadline_at'),
    deadlineMet: row['deadline_met'] === null ? null : row['deadline_met'] === 1,
    cutOverAt: integerOrNull(row, 'cut_over_at'),
    partlyRead: JSON.parse(textOrNull(row, 'partly_read') ?? '[]') as RunRecord['partlyRead'],
    records: integer(row, 'records'),
    read: integer(row, 'read'),
    filtered: integer(row, 'filtered'),
    skipped: integer(row, 'skipped'),
  };
}

/** How far a commit takes the reading, as the parameters of its UPDATE. */
export function readingValues({
  cursor,
  counts,
  partlyRead = [],
}: ReadCommit): Record<string, SQLInputValue> {
  return { cursor, partlyRead: partlyRead.length === 0 ? null : JSON.stringify(partlyRead), ...counts };
}

/** A run as the parameters of its INSERT. */
export function runValues(run: NewRun): Record<string, SQLInputValue> {
  return {
    runId: run.runId,
    pipeline: run.pipeline,
    kind: run.kind,
    fingerprint: run.fingerprint,
    parts: JSON.stringify(run.fingerprintParts),
    folder: run.folder,
    target: run.target,
    path: run.path,
    schema: JSON.stringify(run.schema),
    selection: JSON.stringify(run.selection ?? {}),
    startedAt: run.startedAt,
  };
}

export function toRowCounts(row: Row): RowCounts {
  const count = (name: string) => Number(row[name] ?? 0);
  const requested = count('sent') + count('followers') + count('unsent');
  return {
    records: count('records'),
    read: count('read'),
    filtered: count('filtered'),
    skipped: count('skipped'),
    requested,
    ok: count('ok'),
    failed: count('failed'),
    pending: requested - count('ok') - count('failed'),
    cleaned: count('cleaned'),
    repaired: count('repaired'),
    truncated: count('truncated'),
  };
}

export function toChunk(row: Row): ChunkRecord {
  const states = row['row_states'];
  return {
    runId: text(row, 'run_id'),
    chunk: integer(row, 'chunk'),
    origin: text(row, 'origin') as ChunkRecord['origin'],
    state: text(row, 'state') as ChunkState,
    epoch: integer(row, 'epoch'),
    requests: integer(row, 'requests'),
    bytes: integer(row, 'bytes'),
    tokens: integer(row, 'tokens'),
    sha256: text(row, 'sha256'),
    attempt: integer(row, 'attempt'),
    unexplained: integer(row, 'unexplained'),
    lane: text(row, 'lane') as ChunkRecord['lane'],
    inDoubt: integer(row, 'in_doubt'),
    cancelledAt: integerOrNull(row, 'cancelled_at'),
    stored: textOrNull(row, 'stored'),
    batchId: textOrNull(row, 'batch_id'),
    batchStatus: textOrNull(row, 'batch_status'),
    results: JSON.parse(text(row, 'results')) as ResultPart[],
    expiresAt: integerOrNull(row, 'expires_at'),
    account: textOrNull(row, 'account'),
    intendedAt: integerOrNull(row, 'intended_at'),
    reported: integerOrNull(row, 'reported'),
    unread: JSON.parse(textOrNull(row, 'unread') ?? 'null') as ChunkRecord['unread'],
    rowStates: states instanceof Uint8Array ? states : null,
    ok: integer(row, 'ok'),
    failed: integer(row, 'failed'),
    cleaned: integer(row, 'cleaned'),
    usage: {
      input: integer(row, 'input_tokens'),
      output: integer(row, 'output_tokens'),
      cached: integer(row, 'cached_tokens'),
    },
    cost: {
      usd: dollars(row, 'cost_usd'),
      unpriced: integer(row, 'unpriced'),
      listUsd: dollars(row, 'list_usd'),
      cacheSavedUsd: dollars(row, 'cache_saved_usd'),
    },
    reloads: integer(row, 'reloads'),
    hasFollowed: row['has_followed'] === 1,
    followedOk: integer(row, 'followed_ok'),
  };
}

export function toFailedRow(row: Row): FailedRow {
  return {
    customId: text(row, 'custom_id'),
    key: JSON.parse(text(row, 'key')) as string[],
    stage: text(row, 'stage') as FailureStage,
    code: text(row, 'code'),
    message: text(row, 'message'),
    attempts: integer(row, 'attempts'),
    chunk: integerOrNull(row, 'chunk'),
    batchId: textOrNull(row, 'batch_id'),
    requestHash: textOrNull(row, 'request_hash'),
    request: textOrNull(row, 'request'),
    sameAs: textOrNull(row, 'same_as'),
    blame: text(row, 'blame') as Blame,
  };
}

export function toUnfinishedRow(row: Row): UnfinishedRow {
  return {
    customId: text(row, 'custom_id'),
    chunk: integer(row, 'chunk'),
    line: integer(row, 'line'),
    attempts: integer(row, 'attempts'),
    submissions: integer(row, 'submissions'),
    code: text(row, 'code'),
    message: text(row, 'message'),
    since: integer(row, 'since'),
    answer: answerPlace(integerOrNull(row, 'answer_at'), integerOrNull(row, 'answer_bytes')),
    isReasking: row['is_reasking'] === 1,
  };
}

export function toRetryQueue(row: Row): RetryQueue {
  return {
    count: integer(row, 'count'),
    oldest: integerOrNull(row, 'oldest'),
    hasSuperseded: row['hasSuperseded'] === 1,
  };
}

function answerPlace(at: number | null, bytes: number | null): UnfinishedRow['answer'] {
  return at === null || bytes === null ? null : { at, bytes };
}

/** An unfinished row's values by the names of their parameters. */
export function unfinishedValues({ answer, isReasking, ...row }: UnfinishedRow) {
  const [answerAt, answerBytes] = [answer?.at ?? null, answer?.bytes ?? null];
  return { ...row, answerAt, answerBytes, isReasking: isReasking ? 1 : 0 };
}

/** An outcome's values by the names of their parameters. */
export function outcomeValues(outcome: ChunkOutcome) {
  const { rowStates, ok, failures, cleaned, repaired, truncated, unread, usage, cost } = outcome;
  const unreadText = unread === null ? null : JSON.stringify(unread);
  return {
    rowStates,
    ok,
    failed: failures.length,
    cleaned,
    repaired,
    truncated,
    unread: unreadText,
    ...usage,
    ...cost,
  };
}
