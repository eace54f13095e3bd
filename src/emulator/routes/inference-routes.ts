import { answer } from '../answers/answer.ts';
import type { KnownModels } from '../answers/known-models.ts';
import { badRequest } from '../http/api-error.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import { openAiApi } from '../http/openai-api.ts';
import { readJsonBody } from '../http/json-body.ts';
import type { Route } from '../http/router.ts';
import { promptTokens } from '../faults/prompt-tokens.ts';
import { endpoints, type Endpoint } from '../state/batch-record.ts';
import type { Bill } from '../state/bill.ts';
import type { BackgroundStore } from '../state/background-store.ts';
import { checkBackground } from './background-routes.ts';
import { openAiRates, RateCounter, type RateLimits } from './rate-limits.ts';

export interface InferenceServices {
  readonly models: KnownModels;
  readonly bill: Bill;
  readonly rates: RateLimits;
}

interface OpenAiServices extends InferenceServices {
  readonly background: BackgroundStore;
}

/** The synchronous side: the same answers, at once, each on the bill. */
export function inferenceRoutes({ models, bill, rates, background }: OpenAiServices): readonly Route[] {
  const counter = new RateCounter(rates, openAiRates);
  return [
    ...endpoints.map((endpoint) => ({
      method: 'POST',
      path: endpoint,
      call: 'answer' as const,
      handle: async (exchange: Exchange) =>
        answerNow({ models, bill, rates: counter, background }, endpoint, exchange),
    })),
    {
      method: 'GET',
      path: '/v1/models',
      api: openAiApi,
      call: 'list_models',
      handle: (exchange) =>
        sendJson(exchange, 200, { object: 'list', data: models.listed.map(describeModel) }),
    },
    {
      method: 'GET',
      path: '/v1/models/{id}',
      api: openAiApi,
      call: 'show_model',
      handle: (exchange) => {
        const id = param(exchange, 'id');
        models.require(id);
        sendJson(exchange, 200, describeModel(id));
      },
    },
  ];
}

async function answerNow(
  { models, bill, rates, background }: Omit<OpenAiServices, 'rates'> & { readonly rates: RateCounter },
  endpoint: Endpoint,
  exchange: Exchange,
): Promise<void> {
  const body = await readJsonBody(exchange.request);
  rates.admit(promptTokens(endpoint, body), exchange.response, Date.now());
  if (body['stream'] === true) {
    throw badRequest('The emulator does not stream: leave out stream.', 'stream', 'unsupported_value');
  }
  models.require(body['model']);
  const answered = answer(endpoint, body);
  const isBackground = endpoint === '/v1/responses' && body['background'] === true;
  if (isBackground) checkBackground(body);
  bill.noteAsked(body);
  sendJson(exchange, 200, isBackground ? background.show(background.begin(body)) : answered);
}

function describeModel(id: string): object {
  return { id, object: 'model', created: 1_735_689_600, owned_by: 'emulator' };
}
