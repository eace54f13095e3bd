import type { BatchFileError, BatchStatus, RemoteBatch } from '../../core/provider.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * A batch as OpenAI and the servers that imitate it report one: states in any case and some other words, times as
 * Unix seconds or ISO text, absent ids as null or "", counts missing, the whole wrapped in `{job: ...}`.
 *
 * @returns undefined where the answer is no batch
 */
export function remoteBatch(answer: unknown): RemoteBatch | undefined {
  const batch = unwrap(answer);
  const id = text(batch?.['id']);
  if (batch === undefined || id === null) return undefined;
  const rawStatus = text(batch['status']) ?? '';
  return {
    id,
    status: batchStatus(rawStatus),
    rawStatus,
    inputFileId: text(batch['input_file_id']),
    outputFileId: text(batch['output_file_id']),
    errorFileId: text(batch['error_file_id']),
    errors: fileErrors(batch['errors']),
    createdAt: time(batch['created_at']),
    expiresAt: time(batch['expires_at']),
    endedAt: endTime(batch),
    metadata: stringMap(batch['metadata']),
    counts: counts(batch['request_counts']),
  };
}

/** One page of a listing; some servers answer with the bare list. Undefined where the answer is no listing. */
export function pageOf(
  answer: unknown,
): { readonly batches: readonly RemoteBatch[]; readonly hasMore: boolean } | undefined {
  const page = map(answer);
  const list = Array.isArray(answer) ? answer : page?.['data'];
  if (!Array.isArray(list)) return undefined;
  const batches = list.map(remoteBatch).filter((batch) => batch !== undefined);
  return { batches, hasMore: page?.['has_more'] === true };
}

/** The id of an object of the API; undefined where the answer is none. */
export function idOf(answer: unknown): string | undefined {
  return text(map(answer)?.['id']) ?? undefined;
}

function unwrap(answer: unknown): Json | undefined {
  const outer = map(answer);
  return map(outer?.['job']) ?? outer;
}

const words: Readonly<Record<string, BatchStatus>> = {
  validating: 'validating',
  queued: 'validating',
  pending: 'validating',
  created: 'validating',
  submitted: 'validating',
  in_progress: 'in_progress',
  progress: 'in_progress',
  running: 'in_progress',
  processing: 'in_progress',
  finalizing: 'finalizing',
  finalising: 'finalizing',
  completed: 'completed',
  complete: 'completed',
  succeeded: 'completed',
  success: 'completed',
  failed: 'failed',
  error: 'failed',
  expired: 'expired',
  timeout_exceeded: 'expired',
  cancelling: 'cancelling',
  canceling: 'cancelling',
  cancellation_requested: 'cancelling',
  cancelled: 'cancelled',
  canceled: 'cancelled',
};

function batchStatus(word: string): BatchStatus {
  const key = word
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll(/[\s-]+/g, '_')
    .toLowerCase();
  return Object.hasOwn(words, key) ? (words[key] ?? 'unknown') : 'unknown';
}

function fileErrors(value: unknown): readonly BatchFileError[] {
  const list = Array.isArray(value) ? value : (map(value)?.['data'] ?? []);
  return Array.isArray(list) ? list.map(fileError) : [];
}

function fileError(value: unknown): BatchFileError {
  const error = map(value);
  const line = number(error?.['line']);
  return {
    code: text(error?.['code']),
    line: line !== null && line > 0 ? line : null,
    message: text(error?.['message']) ?? text(value) ?? JSON.stringify(value),
  };
}

function endTime(batch: Json): number | null {
  const names = ['completed_at', 'failed_at', 'expired_at', 'cancelled_at'];
  return names.map((name) => time(batch[name])).find((at) => at !== null) ?? null;
}

/** Milliseconds since 1970, of Unix seconds (as a number or its text) or ISO text. */
function time(value: unknown): number | null {
  const seconds = number(value);
  if (seconds !== null) return seconds > 0 ? seconds * 1000 : null;
  const parsed = Date.parse(text(value) ?? '');
  return Number.isNaN(parsed) ? null : parsed;
}

function counts(value: unknown): RemoteBatch['counts'] {
  const given = map(value);
  const total = number(given?.['total']);
  if (total === null) return null;
  return { total, completed: number(given?.['completed']) ?? 0, failed: number(given?.['failed']) ?? 0 };
}

function stringMap(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(map(value) ?? {}).filter(([, member]) => typeof member === 'string');
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}

function map(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function number(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : null;
}
