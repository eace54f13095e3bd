import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DownloadFault } from '../faults/http-faults.ts';
import type { Api } from './api.ts';

/** One request and its reply, on their way through the emulator. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Whose words the reply is in. */
  readonly api: Api;
  readonly path: string;
  readonly query: URLSearchParams;
  /** What the route's placeholders stand for: `{id}`. */
  readonly params: Readonly<Record<string, string>>;
  /** Aborted when the emulator stops. */
  readonly signal: AbortSignal;
  /** What stands between a JSON reply and the client; it may hold the reply back, or never send it. */
  readonly holdReply?: (send: () => void) => void;
  /** What goes wrong where the reply is a file's content. */
  readonly downloadFault?: DownloadFault;
}

export type Handler = (exchange: Exchange) => Promise<void> | void;

export function sendJson(exchange: Exchange, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  const send = (): void => {
    exchange.response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': bytes.length,
    });
    exchange.response.end(bytes);
  };
  if (exchange.holdReply === undefined) send();
  else exchange.holdReply(send);
}

/** The value of a placeholder of the route; routes are written so that it is there. */
export function param(exchange: Exchange, name: string): string {
  return exchange.params[name] ?? '';
}
