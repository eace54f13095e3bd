import type {
  BatchLabel,
  BatchStatus,
  LineFault,
  Refusal,
  RemoteBatch,
  ResultPart,
} from '../../core/batch-side.ts';
import { asMap, asText, type JsonMap } from '../../core/json.ts';
import { blameOf } from './dialect/blame-of.ts';
import { isTooLarge, isTooMany } from '../http/too-large.ts';
import { statedLimit, wantOfRoom } from './want-of-room.ts';

/**
 * A batch as OpenAI and the servers that imitate it report one: states in any case and some other words, times as
 * Unix seconds or ISO text, absent ids as null or "", counts missing, the whole wrapped in `{job: ...}`.
 *
 * @returns undefined where the answer is no batch
 */
export function remoteBatch(answer: unknown): RemoteBatch | undefined {
  const batch = unwrap(answer);
  const id = asText(batch?.['id']);
  if (batch === undefined || id === null) return undefined;
  const rawStatus = asText(batch['status']) ?? '';
  const status = batchStatus(rawStatus);
  const results = resultParts(batch);
  return {
    id,
    status,
    rawStatus,
    label: labelOf(asMap(batch['metadata'])),
    input: asText(batch['input_file_id']),
    results,
    refusal: status === 'failed' && results.length === 0 ? refusalOf(fileErrors(batch['errors'])) : null,
    createdAt: time(batch['created_at']),
    expiresAt: time(batch['expires_at']),
    endedAt: endTime(batch),
    counts: counts(batch['request_counts']),
  };
}

/** What a new batch carries, so that it is known as ours. */
export function metadataOf({ pipeline, job, run, chunk, attempt }: BatchLabel): Record<string, string> {
  return {
    batchline_pipeline: pipeline,
    ...(job === null ? {} : { batchline_job: job }),
    batchline_run: run,
    batchline_chunk: String(chunk),
    batchline_try: String(attempt),
  };
}

function labelOf(metadata: JsonMap | undefined): BatchLabel | null {
  const pipeline = asText(metadata?.['batchline_pipeline']);
  const run = asText(metadata?.['batchline_run']);
  const chunk = Number(metadata?.['batchline_chunk'] ?? Number.NaN);
  if (pipeline === null || run === null || !Number.isSafeInteger(chunk) || chunk < 1) return null;
  const job = asText(metadata?.['batchline_job']);
  return { pipeline, job, run, chunk, attempt: Number(metadata?.['batchline_try'] ?? 1) || 1 };
}

function resultParts(batch: JsonMap): readonly ResultPart[] {
  const answers = asText(batch['output_file_id']);
  const errors = asText(batch['error_file_id']);
  return [
    ...(answers === null ? [] : [{ id: answers, holds: 'answers' } as const]),
    ...(errors === null ? [] : [{ id: errors, holds: 'errors' } as const]),
  ];
}

function refusalOf(errors: readonly FileError[]): Refusal {
  const lines = errors.flatMap(({ line, fault }) => (line === null ? [] : [[line, fault] as const]));
  if (lines.length > 0) return { kind: 'lines', lines: new Map(lines) };
  const message = errors.map(({ fault }) => fault.message).join('; ') || 'it gave no reason';
  const of = errors.map(({ fault }) => wantOfRoom(fault)).find((room) => room !== null);
  if (of !== undefined)
    return { kind: 'room', of, limit: of === 'tokens' ? statedLimit(message) : null, message };
  return errors.some(({ fault }) => isTooLarge(fault.message) || isTooMany(fault))
    ? { kind: 'size', message }
    : { kind: 'unexplained', message };
}

function unwrap(answer: unknown): JsonMap | undefined {
  const outer = asMap(answer);
  return asMap(outer?.['job']) ?? outer;
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

/** Why a batch was refused. `line` counts from 1 in the file as uploaded. */
interface FileError {
  readonly line: number | null;
  readonly fault: LineFault;
}

function fileErrors(value: unknown): readonly FileError[] {
  const list = Array.isArray(value) ? value : (asMap(value)?.['data'] ?? []);
  return Array.isArray(list) ? list.map(fileError) : [];
}

function fileError(value: unknown): FileError {
  const error = asMap(value);
  const line = number(error?.['line']);
  const message = asText(error?.['message']) ?? asText(value) ?? JSON.stringify(value);
  const code = asText(error?.['code']);
  const isAccounts = blameOf({ status: null, code: code ?? '', type: '', message }, false) === 'account';
  return {
    line: line !== null && line > 0 ? line : null,
    fault: { code, message, ...(isAccounts && { blame: 'account' }) },
  };
}

function endTime(batch: JsonMap): number | null {
  const names = ['completed_at', 'failed_at', 'expired_at', 'cancelled_at'];
  return names.map((name) => time(batch[name])).find((at) => at !== null) ?? null;
}

/** Milliseconds since 1970, of Unix seconds (as a number or its text) or ISO text. */
function time(value: unknown): number | null {
  const seconds = number(value);
  if (seconds !== null) return seconds > 0 ? seconds * 1000 : null;
  const parsed = Date.parse(asText(value) ?? '');
  return Number.isNaN(parsed) ? null : parsed;
}

function counts(value: unknown): RemoteBatch['counts'] {
  const given = asMap(value);
  const [total, completed, failed] = ['total', 'completed', 'failed'].map((name) => number(given?.[name]));
  // What was answered is counted also by a server that does not say of how many.
  if (total === null && completed === null && failed === null) return null;
  const done = (completed ?? 0) + (failed ?? 0);
  return { total: total ?? done, completed: completed ?? 0, failed: failed ?? 0 };
}

function number(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : null;
}
