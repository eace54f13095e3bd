import type { ServerResponse } from 'node:http';
import { sendJson, type Exchange } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';

/**
 * Knows who uses the emulator. A user holds a request open and is gone when that connection closes, so a process that
 * is killed counts as gone at once.
 */
export class Presence {
  readonly #id: string;
  readonly #onLastGone: () => void;
  readonly #users = new Set<ServerResponse>();

  /**
   * @param id names this start of the emulator, so that a client can tell it from whatever else has its port later
   * @param onLastGone called when there were users and the last one has left
   */
  constructor(id: string, onLastGone: () => void) {
    this.#id = id;
    this.#onLastGone = onLastGone;
  }

  get users(): number {
    return this.#users.size;
  }

  routes(): readonly Route[] {
    return [
      { method: 'GET', path: '/emulator/health', open: true, handle: (exchange) => this.#health(exchange) },
      {
        method: 'POST',
        path: '/emulator/users',
        open: true,
        handle: async (exchange) => this.#join(exchange),
      },
    ];
  }

  #health(exchange: Exchange): void {
    sendJson(exchange, 200, { status: 'ok', id: this.#id, users: this.users });
  }

  /** Answers at once, then keeps the reply open until the user ends its request or is gone. */
  async #join({ request, response }: Exchange): Promise<void> {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    response.once('close', resolve);
    request.once('end', resolve);
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(`{"id":${JSON.stringify(this.#id)}`);
    this.#users.add(response);
    await left;
    this.#users.delete(response);
    if (this.users === 0) this.#onLastGone();
    response.end(`,"users":${this.users}}`);
  }
}
