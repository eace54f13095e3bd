import { apiParameters } from '../../providers/openai/dialect/parameters.ts';
import { badRequest } from '../http/api-error.ts';
import type { JsonMap } from '../../core/json.ts';
import type { Endpoint } from '../state/batch-record.ts';
import { answerChat } from './chat.ts';
import { answerEmbeddings } from './embeddings.ts';
import { answerResponses } from './responses.ts';

const answers: Readonly<Record<Endpoint, (body: JsonMap) => JsonMap>> = {
  '/v1/chat/completions': answerChat,
  '/v1/responses': answerResponses,
  '/v1/embeddings': answerEmbeddings,
};

/**
 * The body of the API's answer to a request: a pure function of the request's body, ids and dates included, so that
 * a test can compute what to expect.
 *
 * @throws ApiError 400 as the API refuses the request
 */
export function answer(endpoint: Endpoint, body: JsonMap): JsonMap {
  refuseUnknownParameter(endpoint, body);
  return answers[endpoint](body);
}

const parameters: Readonly<Record<Endpoint, ReadonlySet<string>>> = {
  '/v1/chat/completions': new Set(apiParameters.chat),
  '/v1/responses': new Set(apiParameters.responses),
  '/v1/embeddings': new Set(apiParameters.embeddings),
};

function refuseUnknownParameter(endpoint: Endpoint, body: JsonMap): void {
  const known = parameters[endpoint];
  const unknown = Object.keys(body).find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw badRequest(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter');
}
