import { createServer, type IncomingMessage, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface ProxiedRequest {
  readonly method: string;
  /** Below the base URL: `/batches/batch_1`; without the query. */
  readonly path: string;
  readonly search: string;
  readonly body: Buffer;
}

export interface ProxiedResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** After so many bytes of the body nothing more comes. */
  readonly stallsAfter?: number;
}

/** Comes between a client and the server behind. Throwing cuts the connection without a reply. */
export type Middleware = (
  request: ProxiedRequest,
  forward: () => Promise<ProxiedResponse>,
) => Promise<ProxiedResponse>;

export interface Proxy extends AsyncDisposable {
  /** In place of the target's. */
  readonly url: string;
  /** Everything that was asked for, in order, as `POST /batches`. */
  readonly log: readonly string[];
}

/** A server that passes everything on to another one, but for what `middleware` does with it. */
export async function createProxy(target: string, middleware: Middleware): Promise<Proxy> {
  const prefix = new URL(target).pathname;
  const log: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const proxied = await readRequest(request, prefix);
      log.push(`${proxied.method} ${proxied.path}`);
      const { status, contentType, body, headers, stallsAfter } = await middleware(proxied, () =>
        forward(target, proxied, request),
      );
      response.writeHead(status, {
        ...headers,
        'content-type': contentType,
        'content-length': body.length,
      });
      if (stallsAfter === undefined) response.end(body);
      else response.write(body.subarray(0, stallsAfter));
    })().catch(() => request.socket.destroy());
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    log,
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}

export function jsonResponse(status: number, value: unknown): ProxiedResponse {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

async function readRequest(request: IncomingMessage, prefix: string): Promise<ProxiedRequest> {
  const url = new URL(request.url ?? '/', 'http://proxy');
  const path = url.pathname.slice(prefix.length);
  return { method: request.method ?? 'GET', path, search: url.search, body: await buffer(request) };
}

async function forward(
  target: string,
  { method, path, search, body }: ProxiedRequest,
  { headers }: IncomingMessage,
): Promise<ProxiedResponse> {
  const passed = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && /^(?:authorization|content-type|anthropic-version|x-.*)$/.test(name)
        ? [[name, value]]
        : [],
    ),
  );
  const hasBody = method !== 'GET' && body.length > 0;
  const init = { method, headers: passed, ...(hasBody ? { body: new Uint8Array(body) } : {}) };
  const response = await fetch(`${target}${path}${search}`, init);
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? 'application/octet-stream',
    body: Buffer.from(await response.arrayBuffer()),
  };
}

async function listen(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ port: 0, host: '127.0.0.1' }, resolve);
  await promise;
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The proxy has no port.');
  return address.port;
}
