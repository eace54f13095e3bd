import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.ts';

/**
 * Lets a request pass that carries a bearer token: the given one, or any where none is given.
 *
 * @throws ApiError 401
 */
export function authorize(request: IncomingMessage, apiKey: string | undefined): void {
  const token = /^Bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    throw new ApiError(
      401,
      "You didn't provide an API key. Provide it in an Authorization header using Bearer auth (Authorization: Bearer YOUR_KEY).",
    );
  }
  if (apiKey !== undefined && token !== apiKey) {
    throw new ApiError(401, `Incorrect API key provided: ${mask(token)}.`, { code: 'invalid_api_key' });
  }
}

function mask(token: string): string {
  return token.length <= 12 ? '*'.repeat(token.length) : `${token.slice(0, 4)}****${token.slice(-4)}`;
}
