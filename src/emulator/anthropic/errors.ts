import type { JsonMap } from '../../core/json.ts';
import { ApiError } from '../http/api-error.ts';

const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** What Anthropic calls an error with this status. */
function errorType(status: number): string {
  return types[status] ?? (status >= 500 || status === 0 ? 'api_error' : 'invalid_request_error');
}

/** An error as a reply has it, and, without the id of a request, a batch's result. */
export function errorBody({ status, message }: ApiError, requestId: string | null): JsonMap {
  return { type: 'error', error: { type: errorType(status), message }, request_id: requestId };
}

/** @param path where in the body, with dots, as Anthropic names it */
export function invalid(path: string, what: string): ApiError {
  return new ApiError(400, `${path}: ${what}`);
}

export function required(path: string): ApiError {
  return invalid(path, 'Field required');
}
