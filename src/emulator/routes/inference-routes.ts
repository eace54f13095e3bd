import { answer } from '../answers/answer.ts';
import { badRequest, notFound } from '../http/api-error.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import { readJsonBody } from '../http/json-body.ts';
import type { Route } from '../http/router.ts';
import { endpoints, type Endpoint } from '../state/batch-record.ts';

/** The synchronous side: the same answers, at once. */
export const inferenceRoutes: readonly Route[] = [
  ...endpoints.map((endpoint) => ({
    method: 'POST',
    path: endpoint,
    call: 'answer' as const,
    handle: async (exchange: Exchange) => answerNow(endpoint, exchange),
  })),
  { method: 'GET', path: '/v1/models', call: 'list_models', handle: listModels },
  { method: 'GET', path: '/v1/models/{id}', call: 'show_model', handle: showModel },
];

async function answerNow(endpoint: Endpoint, exchange: Exchange): Promise<void> {
  const body = await readJsonBody(exchange.request);
  if (body['stream'] === true) {
    throw badRequest('The emulator does not stream: leave out stream.', 'stream', 'unsupported_value');
  }
  sendJson(exchange, 200, answer(endpoint, body));
}

const models = [
  'gpt-4o-mini',
  'gpt-4o',
  'gpt-4.1-mini',
  'gpt-5-mini',
  'text-embedding-3-small',
  'text-embedding-3-large',
  'text-embedding-ada-002',
];

function listModels(exchange: Exchange): void {
  sendJson(exchange, 200, { object: 'list', data: models.map(describeModel) });
}

/** Any model may be asked for, so any may be shown but those that do not exist. */
function showModel(exchange: Exchange): void {
  const id = param(exchange, 'id');
  if (id.startsWith('no-such-')) throw notFound(`The model '${id}' does not exist`, 'model');
  sendJson(exchange, 200, describeModel(id));
}

function describeModel(id: string): object {
  return { id, object: 'model', created: 1_735_689_600, owned_by: 'emulator' };
}
