import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request and its reply, on their way through the emulator. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  /** What the route's placeholders stand for: `{id}`. */
  readonly params: Readonly<Record<string, string>>;
  /** Aborted when the emulator stops. */
  readonly signal: AbortSignal;
}

export type Handler = (exchange: Exchange) => Promise<void> | void;

export function sendJson(exchange: Exchange, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  exchange.response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
  });
  exchange.response.end(bytes);
}

/** The value of a placeholder of the route; routes are written so that it is there. */
export function param(exchange: Exchange, name: string): string {
  return exchange.params[name] ?? '';
}
