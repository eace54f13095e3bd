import { batchFaultOf, isDuring, type BatchPlan } from '../faults/batch-plan.ts';
import { disguise } from '../faults/disguise.ts';
import type { JsonMap } from '../../core/json.ts';

export type BatchState =
  | 'validating'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'failed'
  | 'expired'
  | 'cancelling'
  | 'cancelled';

export const endpoints = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings'] as const;
export type Endpoint = (typeof endpoints)[number];

/** Where the requests of a batch go: to one of OpenAI's endpoints, or to one of another API. */
export type BatchEndpoint = Endpoint | '/v1/messages' | 'generateContent' | 'embedContent';

export function isEndpoint(value: unknown): value is Endpoint {
  return endpoints.includes(value as Endpoint);
}

export interface BatchError {
  readonly code: string;
  readonly line: number | null;
  readonly message: string;
  readonly param: string | null;
}

export interface TokenTotals {
  readonly input: number;
  readonly output: number;
}

export interface RequestCounts {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
}

/** All that is kept of a batch. Times ending in `_at` are Unix seconds. */
export interface BatchRecord {
  readonly id: string;
  readonly endpoint: BatchEndpoint;
  readonly input_file_id: string;
  readonly status: BatchState;
  readonly model: string | null;
  readonly errors: readonly BatchError[] | null;
  readonly output_file_id: string | null;
  readonly error_file_id: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly request_counts: RequestCounts;
  readonly usage: TokenTotals | null;
  /** Milliseconds since 1970; the batch's whole timetable follows from it. */
  readonly created_ms: number;
  readonly in_progress_at: number | null;
  readonly finalizing_at: number | null;
  readonly completed_at: number | null;
  readonly failed_at: number | null;
  readonly cancelling_at: number | null;
  readonly cancelled_at: number | null;
  readonly expired_at: number | null;
  /** Seconds that its result files live; null for ever. */
  readonly output_lifetime: number | null;
  /** Lines that had been answered when it was cancelled. */
  readonly answered_at_cancel: number | null;
  /** Whether its entry is surely on the bill. */
  readonly billed: boolean;
  /** Estimated prompt tokens of all its requests; null where they were not counted. */
  readonly enqueued_tokens: number | null;
  /** What is to go wrong with it; null for nothing. */
  readonly plan: BatchPlan | null;
}

const windowSeconds = 86_400;

/** The batch as the API shows it. */
export function showBatch(batch: BatchRecord): JsonMap {
  const shown = describeBatch(batch);
  return batch.plan === null ? shown : disguise(shown, batch.plan);
}

function describeBatch(batch: BatchRecord): JsonMap {
  const created = Math.floor(batch.created_ms / 1000);
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    model: batch.model,
    errors: batch.errors === null ? null : { object: 'list', data: batch.errors },
    input_file_id: batch.input_file_id,
    completion_window: '24h',
    status: batch.status,
    output_file_id: batch.output_file_id,
    error_file_id: batch.error_file_id,
    created_at: created,
    in_progress_at: batch.in_progress_at,
    expires_at: created + windowSeconds,
    finalizing_at: batch.finalizing_at,
    completed_at: batch.completed_at,
    failed_at: batch.failed_at,
    expired_at: batch.expired_at,
    cancelling_at: batch.cancelling_at,
    cancelled_at: batch.cancelled_at,
    request_counts: batch.request_counts,
    usage: batch.usage === null ? null : showUsage(batch.usage),
    metadata: batch.metadata,
  };
}

function showUsage(usage: TokenTotals): JsonMap {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.input + usage.output,
  };
}

export function hasEnded(batch: BatchRecord): boolean {
  return endStates.has(batch.status);
}

const endStates: ReadonlySet<BatchState> = new Set(['completed', 'failed', 'expired', 'cancelled']);

/** Whether the API is to know nothing of the batch, for now. @param now milliseconds since 1970 */
export function isLost(batch: BatchRecord, now: number): boolean {
  return isDuring(batchFaultOf(batch.plan, 'not_found'), batch.created_ms, now);
}

/** @param now milliseconds since 1970 */
export function isListed(batch: BatchRecord, now: number): boolean {
  return !isDuring(batchFaultOf(batch.plan, 'unlisted'), batch.created_ms, now);
}
