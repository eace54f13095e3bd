import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { apiOf } from './apis.ts';
import type { FaultDesk } from './faults/fault-desk.ts';
import { requireRoute } from './faults/server-manners.ts';
import { serveWithFaults } from './faults/serve-call.ts';
import { ApiError } from './http/api-error.ts';
import type { Exchange } from './http/exchange.ts';
import { findRoute, replyTo, type Route } from './http/router.ts';

export interface HandlerOptions {
  readonly routes: readonly Route[];
  readonly apiKey: string | undefined;
  readonly faults: FaultDesk;
  readonly signal: AbortSignal;
}

/**
 * The one way that every request takes: id, route, key, faults (delays, refusals, cut replies), reply.
 */
export function createHandler(options: HandlerOptions): RequestListener {
  return (request, response) => {
    const started = performance.now();
    const exchange = beginExchange(request, response, options.signal);
    exchange.api.begin(response);
    replyTo(exchange, async () => serve(exchange, options, started)).catch((error: unknown) => {
      console.error('emulator:', error);
      response.destroy();
    });
  };
}

async function serve(exchange: Exchange, options: HandlerOptions, started: number): Promise<void> {
  const { request, response, path, query, api } = exchange;
  refuseForeignHost(request.headers.host);
  const { route, params } = findRoute(options.routes, api, request.method ?? 'GET', path);
  if (route.open !== true) api.authorize(request, query, options.apiKey);
  requireRoute(options.faults.manners, route.call, exchange);
  response.setHeader('openai-processing-ms', Math.ceil(performance.now() - started));
  const faults = route.call === undefined ? [] : options.faults.forCall(route.call);
  if (route.call === undefined || faults.length === 0) await route.handle({ ...exchange, params });
  else await serveWithFaults(faults, route.call, { ...exchange, params }, route.handle);
}

/** A web page whose name was made to lead to this machine (DNS rebinding) could otherwise read what is stored here. */
function refuseForeignHost(host: string | undefined): void {
  const name = host?.replace(/:\d+$/, '').toLowerCase();
  if (name === '127.0.0.1' || name === 'localhost' || name === '[::1]') return;
  throw new ApiError(403, 'The emulator serves this machine only: call it as 127.0.0.1.');
}

function beginExchange(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Exchange {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1));
  const api = apiOf(request, path);
  return { request, response, api, path, query, params: {}, signal };
}
