import { ApiError } from '../http/api-error.ts';

const texts: Readonly<Record<number, string>> = {
  400: 'The request is not valid.',
  401: 'Incorrect API key provided: ****.',
  403: 'Your project does not have access to this.',
  404: 'There is no such object.',
  408: 'The request took too long.',
  409: 'The object is being changed by another request.',
  413: 'The request body is too large.',
  429: 'Rate limit reached. Please try again later.',
  500: 'The server had an error while processing your request.',
  503: 'The engine is currently overloaded, please try again later.',
  529: 'Overloaded',
};

const codes: Readonly<Record<number, string>> = { 401: 'invalid_api_key', 429: 'rate_limit_exceeded' };

/** What the API would say with a status that says that something failed. */
export function defaultError(status: number, retryMs: number | null = null): ApiError {
  const type = status >= 500 ? 'server_error' : status === 429 ? 'requests' : 'invalid_request_error';
  const message = texts[status] ?? `The request failed with status ${status}.`;
  return new ApiError(status, message, { type, code: codes[status] ?? null, retryMs });
}
