import type { Connection, Database } from '../../pg/connect.ts';

/** A connection that is given up when its reader stalls, so that no transaction holds back the database's vacuum. */
export class Session implements AsyncDisposable {
  readonly connection: Connection;
  readonly #signal: AbortSignal;
  readonly #abort = (): void => this.#breakOff();
  #timer: NodeJS.Timeout | undefined;
  #isGivenUp = false;

  private constructor(connection: Connection, signal: AbortSignal) {
    this.connection = connection;
    this.#signal = signal;
    signal.addEventListener('abort', this.#abort, { once: true });
  }

  static async open(database: Database, signal: AbortSignal): Promise<Session> {
    return new Session(await database.connect(signal), signal);
  }

  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  giveUpAfter(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#isGivenUp = true;
      this.#breakOff();
    }, ms).unref();
  }

  keep(): void {
    clearTimeout(this.#timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.keep();
    this.#signal.removeEventListener('abort', this.#abort);
    await this.connection[Symbol.asyncDispose]();
  }

  #breakOff(): void {
    this.connection.client.connection.stream.destroy();
  }
}
