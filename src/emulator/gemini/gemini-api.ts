import type { Api } from '../http/api.ts';
import { ApiError } from '../http/api-error.ts';
import { errorBody, invalidKey } from './errors.ts';

const noKey =
  "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.";

export const geminiApi: Api = {
  begin: (response) => {
    response.setHeader('server', 'scaffolding on HTTPServer2');
  },
  authorize: ({ headers }, query, apiKey) => {
    const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
    const key = headers['x-goog-api-key'] ?? query.get('key') ?? bearer;
    if (key === undefined || key === '') throw new ApiError(403, noKey);
    if (apiKey !== undefined && key !== apiKey) throw invalidKey();
  },
  errorBody: (error) => errorBody(error),
};
