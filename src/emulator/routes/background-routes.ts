import { ApiError, badRequest } from '../http/api-error.ts';
import { isMap, type JsonMap } from '../../core/json.ts';
import { type Exchange, param, sendJson } from '../http/exchange.ts';
import { openAiApi } from '../http/openai-api.ts';
import type { Route } from '../http/router.ts';
import type { BackgroundStore } from '../state/background-store.ts';

/** Windows are of the default tier. */
export function checkBackground(body: JsonMap): void {
  if (!isMap(body['background_options'])) return;
  const { completion_window: within } = body['background_options'];
  if (!['soonest', '2h', '8h'].includes(String(within)))
    throw badRequest(
      "Supported values are: 'soonest', '2h' and '8h'.",
      'background_options.completion_window',
      'invalid_value',
    );
  const tier = body['service_tier'] ?? 'auto';
  if (within !== 'soonest' && tier !== 'auto' && tier !== 'default')
    throw badRequest(
      'Completion windows need the default service tier.',
      'service_tier',
      'unsupported_value',
    );
}

/** Responses that were begun in the background: each is got by its id, or cancelled. */
export function backgroundRoutes(responses: BackgroundStore): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/responses/{id}',
      api: openAiApi,
      call: 'show_response',
      handle: (exchange) => sendJson(exchange, 200, responses.show(idOf(exchange, responses))),
    },
    {
      method: 'POST',
      path: '/v1/responses/{id}/cancel',
      api: openAiApi,
      call: 'cancel_response',
      handle: (exchange) => {
        const id = idOf(exchange, responses);
        responses.cancel(id);
        sendJson(exchange, 200, responses.show(id));
      },
    },
  ];
}

function idOf(exchange: Exchange, responses: BackgroundStore): string {
  const id = param(exchange, 'id');
  if (!responses.has(id)) throw new ApiError(404, `Response with id '${id}' not found.`, { param: 'id' });
  return id;
}
