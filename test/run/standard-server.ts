import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What the server does with requests: answers them, or one of the ways not to. */
export type Mood = 'answers' | 'is closed' | 'says 503' | 'says 429' | 'breaks off' | 'hangs';

export interface Asked {
  readonly prompt: string;
  readonly at: number;
  readonly isAnswered: boolean;
}

/** A server of chat completions that keeps what it was asked, and can go away and come back. */
export class StandardServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** How many requests of 100 are turned away with 429. */
  percentRefused = 0;
  #mood: Mood = 'answers';
  #server: Server;
  readonly #port: number;
  readonly #hanging = new Set<ServerResponse>();
  #dice = 7;

  private constructor(server: Server) {
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    this.#serve(server);
  }

  static async open(): Promise<StandardServer> {
    return new StandardServer(await listening(0));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  get answered(): readonly string[] {
    return this.asked.filter(({ isAnswered }) => isAnswered).map(({ prompt }) => prompt);
  }

  async become(mood: Mood): Promise<void> {
    const wasClosed = this.#mood === 'is closed';
    this.#mood = mood;
    for (const response of this.#hanging) response.destroy();
    this.#hanging.clear();
    if (mood === 'is closed') await close(this.#server);
    if (wasClosed) {
      this.#server = await listening(this.#port);
      this.#serve(this.#server);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await close(this.#server);
  }

  #serve(server: Server): void {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response).catch(() => response.destroy());
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') return send(response, 200, { object: 'list', data: [], id: 'gpt-4o-mini' });
    const at = Date.now();
    const body = JSON.parse((await buffer(request)).toString()) as { messages: { content: string }[] };
    const prompt = body.messages.at(-1)?.content ?? '';
    const mood = this.#mood;
    const isAnswered = mood === 'answers' && this.#roll() >= this.percentRefused;
    this.asked.push({ prompt, at, isAnswered });
    if (isAnswered) return send(response, 200, answerTo(prompt));
    if (mood === 'hangs') return void this.#hanging.add(response);
    if (mood === 'breaks off') return void response.destroy();
    const status = mood === 'says 503' ? 503 : 429;
    return send(response, status, { error: { message: `It ${mood}.`, code: null } });
  }

  #roll(): number {
    this.#dice = (this.#dice * 48_271) % 2_147_483_647;
    return this.#dice % 100;
  }
}

function answerTo(prompt: string): object {
  const message = { role: 'assistant', content: `re: ${prompt}`, refusal: null };
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o-mini',
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function listening(port: number): Promise<Server> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, '127.0.0.1', resolve);
  await promise;
  return server;
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}
