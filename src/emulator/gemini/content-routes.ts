import { isMap, type JsonMap } from '../../core/json.ts';
import type { KnownModels } from '../answers/known-models.ts';
import { promptTokens } from '../faults/prompt-tokens.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import { readJsonBody } from '../http/json-body.ts';
import type { Route } from '../http/router.ts';
import type { InferenceServices } from '../routes/inference-routes.ts';
import { RateCounter, type RateTeller } from '../routes/rate-limits.ts';
import { answerEmbed } from './answer-embed.ts';
import { answerGenerate } from './answer-generate.ts';
import { invalid } from './errors.ts';
import { describeModel, listedModels, requireModel, type GeminiMethod } from './models.ts';
import { pageOf } from './page.ts';

/** Google tells nothing in headers, and in an error how long to wait. */
const silentRates: RateTeller = {
  left: () => undefined,
  over: (_response, resetMs) =>
    `You exceeded your current quota, please check your plan and billing details. Please retry in ${resetMs / 1000}s.`,
};

/** The synchronous side: the same answers, at once, each on the bill. */
export function contentRoutes({ models, bill, rates }: InferenceServices): readonly Route[] {
  const counter = new RateCounter(rates, silentRates);
  const ask = (verb: string, method: GeminiMethod, answer: Answer): Route => ({
    method: 'POST',
    path: `/v1beta/models/{model}:${verb}`,
    call: 'answer',
    handle: async (exchange) => {
      const body = await readJsonBody(exchange.request);
      counter.admit(promptTokens(method, body), exchange.response, Date.now());
      const model = param(exchange, 'model');
      requireModel(model, method, models);
      const answered = answer(body, model);
      bill.noteAsked(body);
      sendJson(exchange, 200, answered);
    },
  });
  return [
    ask('generateContent', 'generateContent', answerGenerate),
    ask('embedContent', 'embedContent', answerEmbed),
    ask('batchEmbedContents', 'embedContent', answerEach),
    {
      method: 'GET',
      path: '/v1beta/models',
      call: 'list_models',
      handle: (exchange) => listModels(exchange, models),
    },
    {
      method: 'GET',
      path: '/v1beta/models/{model}',
      call: 'show_model',
      handle: (exchange) => sendJson(exchange, 200, describeModel(param(exchange, 'model'), models)),
    },
  ];
}

type Answer = (body: JsonMap, model: string) => JsonMap;

/** Several contents in one call. */
function answerEach({ requests }: JsonMap, model: string): JsonMap {
  if (!Array.isArray(requests) || requests.length === 0)
    throw invalid('* BatchEmbedContentsRequest.requests: must not be empty.');
  const embeddings = requests.map((request: unknown) => {
    if (!isMap(request)) throw invalid('* BatchEmbedContentsRequest.requests: must be objects.');
    return answerEmbed(request, model)['embedding'];
  });
  return { embeddings };
}

function listModels(exchange: Exchange, models: KnownModels): void {
  const all = listedModels(models);
  const { size, token } = pageOf(exchange.query, 50, 1000);
  const from = token === null ? 0 : all.indexOf(token);
  if (from === -1) throw invalid('The page token is invalid.');
  const next = all[from + size];
  sendJson(exchange, 200, {
    models: all.slice(from, from + size).map((model) => describeModel(model, models)),
    ...(next === undefined ? {} : { nextPageToken: next }),
  });
}
