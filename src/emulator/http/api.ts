import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonMap } from '../../core/json.ts';
import type { ApiError } from './api-error.ts';

/** One of the APIs that the emulator speaks, as far as each of its calls is concerned. */
export interface Api {
  /** Sets the headers that every reply has. */
  readonly begin: (response: ServerResponse) => void;
  /** Lets a request pass that carries a key: the given one, or any where none is given. @throws ApiError */
  readonly authorize: (request: IncomingMessage, query: URLSearchParams, apiKey: string | undefined) => void;
  /** The body of a reply that is an error. */
  readonly errorBody: (error: ApiError, response: ServerResponse) => JsonMap;
}
