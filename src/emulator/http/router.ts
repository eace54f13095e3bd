import type { Api } from './api.ts';
import { ApiError } from './api-error.ts';
import type { CallName } from './call-name.ts';
import type { Exchange, Handler } from './exchange.ts';

export interface Route {
  readonly method: string;
  /** Segments between slashes; `{name}` takes any one segment, `{name}:verb` one that ends so. */
  readonly path: string;
  readonly handle: Handler;
  /** The API that it belongs to, where another has the same path. */
  readonly api?: Api;
  /** Served without an API key. */
  readonly open?: true;
  /** What faults call it; without a name none hits it. */
  readonly call?: CallName;
}

export interface FoundRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** @throws ApiError 404 where no route has this path, 405 where one has but not for this method */
export function findRoute(routes: readonly Route[], api: Api, method: string, path: string): FoundRoute {
  const segments = path.split('/');
  let pathIsKnown = false;
  for (const route of routes) {
    const params = matchPath(route.path.split('/'), segments);
    if (params === null || (route.api !== undefined && route.api !== api)) continue;
    if (route.method === method) return { route, params };
    pathIsKnown = true;
  }
  throw pathIsKnown
    ? new ApiError(405, `Not allowed to ${method} on ${path}.`, { code: 'method_not_supported' })
    : new ApiError(404, `Invalid URL (${method} ${path})`);
}

function matchPath(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? '';
    const [, name, verb = ''] = /^\{(\w+)\}(.*)$/.exec(expected) ?? [];
    if (name === undefined) {
      if (expected !== segment) return null;
    } else if (!segment.endsWith(verb) || segment.length === verb.length) return null;
    else params[name] = decodeSegment(segment.slice(0, segment.length - verb.length));
  }
  return params;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Runs the handler; whatever it throws becomes a reply in the API's own shape. */
export async function replyTo(exchange: Exchange, handle: Handler): Promise<void> {
  try {
    await handle(exchange);
  } catch (error) {
    sendError(exchange, error);
  }
}

function sendError(exchange: Exchange, error: unknown): void {
  const { response } = exchange;
  // A reply that has begun cannot become an error: cutting it is what tells the client.
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const known = error instanceof ApiError ? error : internalError(exchange, error);
  const bytes = Buffer.from(JSON.stringify(exchange.api.errorBody(known, response)));
  response.writeHead(known.status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    // What is left of an unread request body would be taken for the next request.
    ...(exchange.request.complete ? {} : { connection: 'close' }),
  });
  response.end(bytes);
}

function internalError(exchange: Exchange, error: unknown): ApiError {
  if (!exchange.signal.aborted) console.error(`emulator: ${exchange.path}:`, error);
  return new ApiError(500, 'The server had an error while processing your request.', {
    type: 'server_error',
  });
}
