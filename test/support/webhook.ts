import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

export interface Webhook extends AsyncDisposable {
  readonly url: string;
  /** What was posted, in order. */
  readonly posts: readonly Readonly<Record<string, unknown>>[];
}

/** A server that is told of things. @param statuses what it answers the first posts with, 0 for nothing; then 200 */
export async function createWebhook(...statuses: readonly number[]): Promise<Webhook> {
  const posts: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      posts.push((await json(request)) as Record<string, unknown>);
      const status = statuses[posts.length - 1] ?? 200;
      if (status > 0) response.writeHead(status).end('ok');
    })();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/services/T0/sehr-geheimer-teil`,
    posts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
