import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../http/api-error.ts';
import { sendJson, type Exchange } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';

/** When an emulator that serves its users only is to end. */
export interface UnusedRule {
  /** How long it waits for its first user. */
  readonly graceMs: number;
  /** Called once: when nobody came, or the last user has left. */
  readonly onUnused: () => void;
}

/** What a user hears when it leaves. */
export interface Farewell {
  readonly id: string;
  /** Whether the emulator ends now. */
  readonly ends: boolean;
}

/**
 * Knows who uses the emulator. A user holds a request open and is gone when that connection closes, so a process that
 * is killed counts as gone at once.
 */
export class Presence implements Disposable {
  readonly #id: string;
  readonly #rule: UnusedRule | undefined;
  readonly #users = new Set<ServerResponse>();
  readonly #disposed = new AbortController();
  #isEnding = false;

  /** @param id names this start of the emulator, so that a client can tell it from whatever else has its port later */
  constructor(id: string, rule: UnusedRule | undefined) {
    this.#id = id;
    this.#rule = rule;
    if (rule !== undefined) {
      sleep(rule.graceMs, undefined, { signal: this.#disposed.signal }).then(
        () => this.#endIfUnused(),
        () => undefined,
      );
    }
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

  [Symbol.dispose](): void {
    this.#disposed.abort();
  }

  #health(exchange: Exchange): void {
    sendJson(exchange, 200, { status: 'ok', id: this.#id, pid: process.pid, users: this.#users.size });
  }

  /** Answers at once, then keeps the reply open until the user ends its request or is gone. */
  async #join({ request, response }: Exchange): Promise<void> {
    if (this.#isEnding) throw new ApiError(503, 'The emulator is about to end.', { type: 'server_error' });
    const { promise: left, resolve } = Promise.withResolvers<void>();
    response.once('close', resolve);
    request.once('end', resolve);
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json', 'x-emulator-id': this.#id });
    response.flushHeaders();
    this.#users.add(response);
    await left;
    this.#users.delete(response);
    const farewell: Farewell = { id: this.#id, ends: this.#willEnd() };
    response.end(JSON.stringify(farewell));
    setImmediate(() => this.#endIfUnused());
  }

  #willEnd(): boolean {
    return this.#rule !== undefined && this.#users.size === 0;
  }

  #endIfUnused(): void {
    if (this.#isEnding || !this.#willEnd()) return;
    this.#isEnding = true;
    this.#rule?.onUnused();
  }
}
