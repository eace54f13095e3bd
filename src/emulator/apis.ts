import type { IncomingMessage } from 'node:http';
import { anthropicApi } from './anthropic/anthropic-api.ts';
import { geminiApi } from './gemini/gemini-api.ts';
import type { Api } from './http/api.ts';
import { openAiApi } from './http/openai-api.ts';

/** The API that a call speaks. Anthropic and OpenAI have the models' path in common, but not the header. */
export function apiOf(request: IncomingMessage, path: string): Api {
  if (/^\/v1\/messages(\/|$)/.test(path)) return anthropicApi;
  if (path.startsWith('/v1/models') && request.headers['anthropic-version'] !== undefined)
    return anthropicApi;
  if (/^\/(?:(?:up|down)load\/)?v1beta(?:\/|$)/.test(path)) return geminiApi;
  return openAiApi;
}
