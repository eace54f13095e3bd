import type { Client } from 'pg';
import type { Connection, Database } from '../../pg/connect.ts';
import { databaseError } from '../../pg/database-error.ts';

/** How long a connection is kept open unused: batches take hours, and firewalls forget idle connections silently. */
const idleMs = 30_000;

/**
 * At most two connections, handed out one user at a time. One that fails is closed and never handed out again, so that
 * a caller who simply tries again gets a fresh one.
 */
export class ConnectionPool implements AsyncDisposable {
  readonly #database: Database;
  readonly #signal: AbortSignal;
  readonly #idle: Connection[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #inUse = new Set<Connection>();
  #free: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(database: Database, signal: AbortSignal, size = 2) {
    this.#database = database;
    this.#signal = signal;
    this.#free = size;
  }

  get where(): string {
    return this.#database.where;
  }

  /**
   * Lends a connection for `work`, which must leave no transaction open.
   *
   * @param doing what is under way, for the message, as "cannot ..." goes on
   * @throws BatchlineError for every failure of the database; the signal's reason where it was aborted
   */
  async use<T>(doing: string, work: (client: Client) => Promise<T>): Promise<T> {
    await this.#takeTurn();
    try {
      return await this.#run(doing, work);
    } finally {
      this.#free += 1;
      this.#waiting.shift()?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.#closeIdle();
    await Promise.all([...this.#inUse].map(close));
  }

  async #takeTurn(): Promise<void> {
    while (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
  }

  async #run<T>(doing: string, work: (client: Client) => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    clearTimeout(this.#timer);
    const connection = this.#idle.pop() ?? (await this.#database.connect(this.#signal));
    return this.#runOn(connection, doing, work);
  }

  async #runOn<T>(connection: Connection, doing: string, work: (client: Client) => Promise<T>): Promise<T> {
    this.#inUse.add(connection);
    const abort = (): void => void close(connection);
    this.#signal.addEventListener('abort', abort, { once: true });
    try {
      const result = await work(connection.client);
      this.#keep(connection);
      return result;
    } catch (error) {
      await close(connection);
      this.#signal.throwIfAborted();
      throw databaseError(error, this.where, doing);
    } finally {
      this.#signal.removeEventListener('abort', abort);
      this.#inUse.delete(connection);
    }
  }

  #keep(connection: Connection): void {
    this.#idle.push(connection);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#closeIdle(), idleMs).unref();
  }

  async #closeIdle(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(close));
  }
}

/** A connection that is broken already cannot be closed politely; the server notices by itself. */
async function close(connection: Connection): Promise<void> {
  try {
    await connection[Symbol.asyncDispose]();
  } catch {
    // Nothing of it is used any more.
  }
}
