import { ApiError } from '../http/api-error.ts';
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
 * @throws ApiError as the API refuses the request: 400, or 404 for a model whose name begins with `no-such-`
 */
export function answer(endpoint: Endpoint, body: JsonMap): JsonMap {
  refuseMissingModel(body['model']);
  return answers[endpoint](body);
}

function refuseMissingModel(model: unknown): void {
  if (typeof model !== 'string' || !model.startsWith('no-such-')) return;
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  throw new ApiError(404, message, { code: 'model_not_found' });
}
