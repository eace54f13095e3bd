import type { IncomingMessage } from 'node:http';
import type { Api } from '../http/api.ts';
import { ApiError } from '../http/api-error.ts';
import { newId } from '../state/ids.ts';
import { errorBody } from './errors.ts';

export const anthropicApi: Api = {
  begin: (response) => {
    response.setHeader('request-id', newId('req_'));
    response.setHeader('anthropic-organization-id', '00000000-0000-4000-8000-000000000000');
  },
  authorize: (request, _query, apiKey) => {
    authorize(request, apiKey);
    if (request.headers['anthropic-version'] === undefined)
      throw new ApiError(400, 'anthropic-version: header is required');
  },
  errorBody: (error, response) => errorBody(error, String(response.getHeader('request-id'))),
};

/** By either header: older clients send `x-api-key`, newer ones a bearer token. @throws ApiError 401 */
function authorize({ headers }: IncomingMessage, apiKey: string | undefined): void {
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
  const key = headers['x-api-key'] ?? bearer;
  if (key === undefined || key === '') throw new ApiError(401, 'x-api-key header is required');
  if (apiKey !== undefined && key !== apiKey) throw new ApiError(401, 'invalid x-api-key');
}
