import type { JobState } from '@google/genai';
import type { BatchStatus, RemoteBatch, ResultPart } from '../../core/batch-side.ts';
import { asMap, asText, type JsonMap } from '../../core/json.ts';
import { countOf } from './dialect/count.ts';
import { codeOf, readStatus } from './dialect/status.ts';
import { labelOf } from './label.ts';
import { refusalOf } from './refusal-of.ts';

/** Batches that have not ended by then end as expired. */
const longestMs = 48 * 3_600_000;

/**
 * A batch as Google's servers report it, which is as an operation whose `metadata` it is, or as the official SDK shows
 * it: counts as texts, zeros left out, states as `BATCH_STATE_*` or `JOB_STATE_*`.
 *
 * @returns undefined where the answer is no batch
 */
export function remoteBatch(answer: unknown): RemoteBatch | undefined {
  const operation = asMap(answer);
  const batch = wholeOf(operation);
  const id = asText(operation?.['name']) ?? asText(batch['name']);
  if (id === null) return undefined;
  const error = operation?.['error'] ?? batch['error'];
  const rawStatus = asText(batch['state']) ?? '';
  const status = statusOf(rawStatus, operation?.['done'] === true, error);
  const results = resultParts(batch);
  // What an expired batch had answered cannot be fetched by anybody.
  const counts = status === 'expired' && results.length === 0 ? null : countsOf(batch);
  const isRefused = status === 'failed' && results.length === 0 && (counts?.completed ?? 0) === 0;
  const createdAt = time(batch['createTime']);
  const label = labelOf(asText(batch['displayName']));
  return {
    id,
    status,
    rawStatus,
    label,
    input: label === null && mayBeOurs(batch) ? inputOf(batch) : null,
    results,
    refusal: isRefused ? refusalOf(error) : null,
    createdAt,
    expiresAt: createdAt === null ? null : createdAt + longestMs,
    endedAt: time(batch['endTime']),
    counts,
  };
}

/** Whether it says what the batch is called. */
export function isNamed(answer: unknown): boolean {
  return asText(wholeOf(asMap(answer))['displayName']) !== null;
}

/** Some servers keep no name, or its beginning alone: there the upload tells whose a batch is. */
function mayBeOurs(batch: JsonMap): boolean {
  return asText(batch['displayName'])?.startsWith('batchline-') ?? true;
}

function inputOf(batch: JsonMap): string | null {
  const [config, src] = [batch['inputConfig'], batch['src']].map(asMap);
  return asText(config?.['fileName']) ?? asText(src?.['fileName']);
}

function wholeOf(operation: JsonMap | undefined): JsonMap {
  return { ...operation, ...asMap(operation?.['metadata']) };
}

const words: Readonly<Record<`${JobState}`, BatchStatus>> = {
  JOB_STATE_UNSPECIFIED: 'unknown',
  JOB_STATE_QUEUED: 'validating',
  JOB_STATE_PENDING: 'validating',
  JOB_STATE_RUNNING: 'in_progress',
  JOB_STATE_PAUSED: 'in_progress',
  JOB_STATE_UPDATING: 'in_progress',
  JOB_STATE_SUCCEEDED: 'completed',
  JOB_STATE_PARTIALLY_SUCCEEDED: 'completed',
  JOB_STATE_FAILED: 'failed',
  JOB_STATE_CANCELLING: 'cancelling',
  JOB_STATE_CANCELLED: 'cancelled',
  JOB_STATE_EXPIRED: 'expired',
};

function statusOf(state: string, isDone: boolean, error: unknown): BatchStatus {
  const word = state.toUpperCase().replace(/^BATCH_/, 'JOB_');
  const known = Object.hasOwn(words, word) ? words[word as `${JobState}`] : 'unknown';
  if (known !== 'unknown' || !isDone) return known;
  if (asMap(error) === undefined) return 'completed';
  return readStatus(error).code === codeOf('cancelled') ? 'cancelled' : 'failed';
}

function resultParts(batch: JsonMap): readonly ResultPart[] {
  const [output, response, dest] = [batch['output'], batch['response'], batch['dest']].map(asMap);
  const named = [output?.['responsesFile'], response?.['responsesFile'], dest?.['fileName']].map(asText);
  const file = named.find((name) => name !== null);
  return file === undefined || file === null ? [] : [{ id: file, holds: 'both' }];
}

/** Null where nothing is said of answers: a number of requests alone does not tell that there are none. */
function countsOf(batch: JsonMap): RemoteBatch['counts'] {
  const stats = asMap(batch['batchStats']) ?? asMap(batch['completionStats']) ?? {};
  const count = (...names: readonly string[]): number | null =>
    names.map((name) => countOf(stats[name])).find((found) => found !== null) ?? null;
  const completed = count('successfulRequestCount', 'successfulCount');
  const failed = count('failedRequestCount', 'failedCount');
  const pending = count('pendingRequestCount', 'incompleteCount');
  if (completed === null && failed === null && pending === null) return null;
  const done = (completed ?? 0) + (failed ?? 0);
  const total = count('requestCount') ?? done + Math.max(0, pending ?? 0);
  return { total, completed: completed ?? 0, failed: failed ?? 0 };
}

function time(value: unknown): number | null {
  const parsed = Date.parse(asText(value) ?? '');
  return Number.isNaN(parsed) ? null : parsed;
}
