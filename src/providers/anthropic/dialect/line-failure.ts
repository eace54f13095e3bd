import type { Blame } from '../../../core/blame.ts';
import type { LineFailure } from '../../../core/dialect.ts';
import { asMap, asText, type JsonMap } from '../../../core/json.ts';

/** An error in the API's own words. */
export interface ApiFailure {
  /** As in `invalid_request_error`. */
  readonly type: string;
  /** What names the cause more exactly; null where nothing does. */
  readonly code: string | null;
  readonly message: string;
}

/** Types of errors that are the account's until somebody mends it. */
const accountTypes: ReadonlySet<string> = new Set([
  'authentication_error',
  'permission_error',
  'billing_error',
]);

const rowTypes: ReadonlySet<string> = new Set(['invalid_request_error', 'request_too_large']);

/** Types that the API has for refusals and failures of its own. */
const otherTypes = ['not_found_error', 'rate_limit_error', 'timeout_error', 'api_error', 'overloaded_error'];

/** Nothing is left to pay with, or nothing may be spent any more. */
const spentWords =
  /credit balance|spend(?:ing)?[ _]limit|api usage limits|billing|purchase credits|usage limit.{0,40}(?:reached|exceeded)/i;

export function isKnownType(type: string): boolean {
  return accountTypes.has(type) || rowTypes.has(type) || otherTypes.includes(type);
}

/** Of an error as it is nested: a body holds an error, which may be a whole body again. */
export function apiFailure(error: unknown): ApiFailure {
  const innermost = innermostError(error);
  const type = asText(innermost?.['type']) ?? 'api_error';
  return {
    type,
    code: asText(asMap(innermost?.['details'])?.['error_code']),
    message:
      asText(innermost?.['message']) ??
      asText(innermost?.['error']) ??
      asText(error) ??
      'The provider gave no reason.',
  };
}

function innermostError(error: unknown): JsonMap | undefined {
  const map = asMap(error);
  const inner = asMap(map?.['error']);
  return inner === undefined ? map : innermostError(inner);
}

/** Whether the account has nothing left to spend. */
export function isSpent({ type, code, message }: ApiFailure): boolean {
  if (type === 'billing_error' || /spend_limit/.test(code ?? '')) return true;
  return type === 'invalid_request_error' && spentWords.test(message);
}

export function isNoModel({ type, message }: ApiFailure): boolean {
  return type === 'not_found_error' && /\bmodel\b/i.test(message);
}

/** Whose fault it is that a request was not answered (contract section 8). */
function blameOf(failure: ApiFailure): Blame {
  if (isSpent(failure) || isNoModel(failure) || accountTypes.has(failure.type)) return 'account';
  return rowTypes.has(failure.type) ? 'row' : 'provider';
}

export function erroredFailure(error: unknown): LineFailure {
  const failure = apiFailure(error);
  const blame = blameOf(failure);
  return {
    code: failure.code ?? failure.type,
    message: failure.message,
    retryable: blame === 'provider',
    ran: true,
    blame,
    usage: null,
  };
}

/** Of a request that was never run. */
export function unrunFailure(type: 'canceled' | 'expired'): LineFailure {
  const isExpired = type === 'expired';
  return {
    code: isExpired ? 'batch_expired' : 'batch_cancelled',
    message: isExpired
      ? 'The batch expired before this request was run.'
      : 'The batch was cancelled before this request was run.',
    retryable: true,
    ran: false,
    blame: 'provider',
    usage: null,
  };
}

/** Of a result that is neither an answer nor an error: the provider owes one. */
export const silentFailure: LineFailure = {
  code: 'no_response',
  message: 'The provider gave neither an answer nor an error.',
  retryable: true,
  ran: false,
  blame: 'provider',
  usage: null,
};
