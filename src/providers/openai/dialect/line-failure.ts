import type { LineFailure } from '../../../core/dialect.ts';
import { asMap, asText, type JsonMap } from '../../../core/json.ts';
import { readUsage } from './usage.ts';

/** What a result line that is no success says. */
export interface FailedLine {
  /** The HTTP status; null where there was no response. 0 is a failure inside the provider. */
  readonly status: number | null;
  readonly body: JsonMap | undefined;
  /** What stands beside the response; null where nothing does. */
  readonly error: unknown;
}

/** Failures without a status that pass: the request never ran, or broke inside the provider. */
const passing: ReadonlySet<string> = new Set([
  'batch_expired',
  'batch_cancelled',
  'batch_canceled',
  'server_error',
  'internal_error',
  'rate_limit_exceeded',
  'request_timeout',
]);

/**
 * Why a request was not answered. OpenAI leaves `error` null and puts an HTTP error into the response's body;
 * vLLM does the reverse, with a text or an object as `error` and no body.
 */
export function lineFailure(line: FailedLine): LineFailure {
  const details = detailsOf(line);
  const status = line.status ?? statusOf(details);
  const code = codeOf(details) ?? codeOfStatus(status);
  return {
    code,
    message: messageOf(line, details) ?? describe(status),
    retryable: isRetryable(line, status, code),
    ran: status !== null && status > 0,
    usage: line.body?.['usage'] === undefined ? null : readUsage(line.body['usage']),
  };
}

export function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false && value !== '';
}

function detailsOf(line: FailedLine): JsonMap | undefined {
  const outer = asMap(line.error) ?? asMap(line.body?.['error']);
  // Some servers wrap the error once more.
  return asMap(outer?.['error']) ?? outer;
}

function codeOf(details: JsonMap | undefined): string | null {
  return asText(details?.['code']) ?? asText(details?.['type']);
}

function statusOf(details: JsonMap | undefined): number | null {
  const code = details?.['code'];
  return typeof code === 'number' && code >= 100 && code < 600 ? code : null;
}

function codeOfStatus(status: number | null): string {
  if (status === null) return 'no_response';
  return isOk(status) ? 'empty_answer' : `http_${status}`;
}

function isOk(status: number): boolean {
  return status >= 200 && status < 300;
}

function messageOf(line: FailedLine, details: JsonMap | undefined): string | null {
  return asText(details?.['message']) ?? asText(line.error) ?? asText(line.body?.['error']);
}

function describe(status: number | null): string {
  if (status === null) return 'The provider gave neither a response nor an error.';
  if (isOk(status)) return 'The response holds no answer.';
  return status === 0 ? 'The request failed inside the provider.' : `The provider answered ${status}.`;
}

function isRetryable(line: FailedLine, status: number | null, code: string): boolean {
  if (passing.has(code)) return true;
  if (status === null) return !isPresent(line.error);
  return status === 0 || status === 408 || status === 409 || status === 429 || status >= 500;
}
