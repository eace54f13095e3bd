import { answer } from '../answers/answer.ts';
import type { KnownModels } from '../answers/known-models.ts';
import { badRequest } from '../http/api-error.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import { readJsonBody } from '../http/json-body.ts';
import type { Route } from '../http/router.ts';
import { endpoints, type Endpoint } from '../state/batch-record.ts';

/** The synchronous side: the same answers, at once. */
export function inferenceRoutes(models: KnownModels): readonly Route[] {
  return [
    ...endpoints.map((endpoint) => ({
      method: 'POST',
      path: endpoint,
      call: 'answer' as const,
      handle: async (exchange: Exchange) => answerNow(endpoint, models, exchange),
    })),
    {
      method: 'GET',
      path: '/v1/models',
      call: 'list_models',
      handle: (exchange) =>
        sendJson(exchange, 200, { object: 'list', data: models.listed.map(describeModel) }),
    },
    {
      method: 'GET',
      path: '/v1/models/{id}',
      call: 'show_model',
      handle: (exchange) => {
        const id = param(exchange, 'id');
        models.require(id);
        sendJson(exchange, 200, describeModel(id));
      },
    },
  ];
}

async function answerNow(endpoint: Endpoint, models: KnownModels, exchange: Exchange): Promise<void> {
  const body = await readJsonBody(exchange.request);
  if (body['stream'] === true) {
    throw badRequest('The emulator does not stream: leave out stream.', 'stream', 'unsupported_value');
  }
  models.require(body['model']);
  sendJson(exchange, 200, answer(endpoint, body));
}

function describeModel(id: string): object {
  return { id, object: 'model', created: 1_735_689_600, owned_by: 'emulator' };
}
