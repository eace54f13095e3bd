import type { KnownModels } from '../answers/known-models.ts';
import { promptTokens } from '../faults/prompt-tokens.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import { readJsonBody } from '../http/json-body.ts';
import type { Route } from '../http/router.ts';
import type { InferenceServices } from '../routes/inference-routes.ts';
import { RateCounter } from '../routes/rate-limits.ts';
import { anthropicApi } from './anthropic-api.ts';
import { answerMessage, listedModels, requireModel } from './answer-message.ts';
import { invalid } from './errors.ts';
import { tellRate } from './rate-headers.ts';

/** The synchronous side: the same answers, at once, each on the bill. */
export function messageRoutes({ models, bill, rates }: InferenceServices): readonly Route[] {
  const counter = new RateCounter(rates, tellRate);
  return [
    {
      method: 'POST',
      path: '/v1/messages',
      call: 'answer',
      handle: async (exchange) => {
        const body = await readJsonBody(exchange.request);
        counter.admit(promptTokens('/v1/messages', body), exchange.response, Date.now());
        if (body['stream'] === true) throw invalid('stream', 'the emulator does not stream: leave it out');
        const answered = answerMessage(body, models);
        bill.noteAsked(body);
        sendJson(exchange, 200, answered);
      },
    },
    {
      method: 'GET',
      path: '/v1/models',
      api: anthropicApi,
      call: 'list_models',
      handle: (exchange) => listModels(exchange, models),
    },
    {
      method: 'GET',
      path: '/v1/models/{id}',
      api: anthropicApi,
      call: 'show_model',
      handle: (exchange) => {
        const id = param(exchange, 'id');
        requireModel(id, models);
        sendJson(exchange, 200, describeModel(id));
      },
    },
  ];
}

function listModels(exchange: Exchange, models: KnownModels): void {
  const data = [...listedModels, ...models.added].map(describeModel);
  sendJson(exchange, 200, {
    data,
    has_more: false,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  });
}

function describeModel(id: string) {
  return {
    id,
    type: 'model',
    display_name: id,
    created_at: '2025-01-01T00:00:00Z',
    max_input_tokens: 200_000,
    max_tokens: 64_000,
    capabilities: null,
  };
}
