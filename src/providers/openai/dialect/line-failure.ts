import type { LineFailure } from '../../../core/dialect.ts';
import { asMap, asText, type JsonMap } from '../../../core/json.ts';
import { blameOf } from './blame-of.ts';
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

/** Statuses that pass, beside 5xx. 0 is a failure inside the provider, 498 is Groq's want of room for a tier. */
const passingStatuses: ReadonlySet<number> = new Set([0, 408, 409, 429, 498]);

/**
 * Why a request was not answered. OpenAI leaves `error` null and puts an HTTP error into the response's body;
 * vLLM does the reverse, with a text or an object as `error` and no body.
 */
export function lineFailure(line: FailedLine): LineFailure {
  const details = detailsOf(line);
  const status = statusOfLine(line, details);
  const code = codeOf(details) ?? codeOfStatus(status);
  const message = messageOf(line, details) ?? describe(status);
  const retryable = isRetryable(line, status, code);
  return {
    code,
    message,
    retryable,
    blame: blameOf({ status, code, type: asText(details?.['type']) ?? '', message }, retryable),
    ran: status !== null && status > 0,
    usage: line.body?.['usage'] === undefined ? null : readUsage(line.body['usage']),
  };
}

/** Whether an `error` says anything: some servers send one that is empty with each success. */
export function isPresent(value: unknown): boolean {
  const map = asMap(value);
  if (map !== undefined) return Object.values(map).some(isPresent);
  return value !== null && value !== undefined && value !== false && value !== '' && value !== 0;
}

function detailsOf(line: FailedLine): JsonMap | undefined {
  const outer = asMap(line.error) ?? asMap(line.body?.['error']);
  // Some servers wrap the error once more.
  return asMap(outer?.['error']) ?? outer;
}

/** A gateway may answer 200 and leave it to the error to say what happened. */
function statusOfLine({ status }: FailedLine, details: JsonMap | undefined): number | null {
  return status === null || isOk(status) ? (statusOf(details) ?? status) : status;
}

function codeOf(details: JsonMap | undefined): string | null {
  return asText(details?.['code']) ?? asText(details?.['type']);
}

function statusOf(details: JsonMap | undefined): number | null {
  const code = Number(details?.['code'] ?? details?.['status'] ?? Number.NaN);
  return Number.isInteger(code) && code >= 100 && code < 600 ? code : null;
}

function codeOfStatus(status: number | null): string {
  return status === null || isOk(status) ? 'no_response' : `http_${status}`;
}

function isOk(status: number): boolean {
  return status >= 200 && status < 300;
}

function messageOf(line: FailedLine, details: JsonMap | undefined): string | null {
  return asText(details?.['message']) ?? asText(line.error) ?? asText(line.body?.['error']);
}

function describe(status: number | null): string {
  if (status === null) return 'The provider gave neither a response nor an error.';
  if (isOk(status)) return 'The provider answered with neither a response nor an error.';
  return status === 0 ? 'The request failed inside the provider.' : `The provider answered ${status}.`;
}

function isRetryable(line: FailedLine, status: number | null, code: string): boolean {
  if (passing.has(code) || isBrokenOff(line)) return true;
  if (status === null || isOk(status)) return isSilent(line);
  return passingStatuses.has(status) || status >= 500;
}

/** Neither an answer nor an error: the provider owes one. */
function isSilent({ body, error }: FailedLine): boolean {
  return !isPresent(error) && !isPresent(body?.['error']);
}

/** A response of the responses endpoint whose making has failed. */
function isBrokenOff({ body }: FailedLine): boolean {
  return body?.['status'] === 'failed';
}
