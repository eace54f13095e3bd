import type { IncomingMessage } from 'node:http';
import { newId } from '../state/ids.ts';
import type { Api } from './api.ts';
import { ApiError } from './api-error.ts';

export const openAiApi: Api = {
  begin: (response) => {
    response.setHeader('x-request-id', newId('req_'));
    response.setHeader('openai-version', '2020-10-01');
  },
  authorize: (request, _query, apiKey) => authorize(request, apiKey),
  errorBody: (error) => ({ ...error.toBody() }),
};

function authorize(request: IncomingMessage, apiKey: string | undefined): void {
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
