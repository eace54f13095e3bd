import type { SinkContext } from '../../core/sink.ts';
import { duckdbError } from '../../duckdb/duckdb-error.ts';
import { DuckSession } from '../../duckdb/session.ts';

/** How long the file is kept open unused: batches take hours, and while it is open no other process may read it. */
const idleMs = 500;
/**
 * DuckDB fills whatever it is given with parts of the file. A table's index cannot be parted from, however, so that one
 * of tens of millions of keys gets more.
 */
const memoryLimits = ['64MB', '128MB', '256MB', '1GB', '4GB'] as const;
/**
 * How many rows a part of a table has. DuckDB writes the last part anew each time that it moves what was loaded from its
 * log to its place, and holds it in memory meanwhile: its own 122,880 vectors would be 700 MB.
 */
const rowGroup = { plain: 20_480, withVectors: 2048 } as const;

/** A database file of DuckDB that is opened when it is needed, and used by one at a time. */
export class DuckFile implements AsyncDisposable {
  readonly path: string;
  readonly #context: SinkContext;
  #open: { readonly session: DuckSession; readonly isWritten: boolean } | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #memory = 0;

  constructor(path: string, context: SinkContext) {
    this.path = path;
    this.#context = context;
  }

  /**
   * Lends a session that may write, for `work`, which must leave no transaction open, and is done again from its
   * beginning where DuckDB had too little memory for it. Creates a file that is missing.
   *
   * @throws BatchlineError for every failure of the database; the signal's reason where it was aborted
   */
  write<T>(work: (session: DuckSession) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#use(true, work));
  }

  /** The same for reading alone: others may read at the same time. */
  read<T>(work: (session: DuckSession) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#use(false, work));
  }

  /** Lets go of the file. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.catch(() => {}).then(work);
    this.#last = turn;
    return turn;
  }

  async #use<T>(isWritten: boolean, work: (session: DuckSession) => Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    try {
      const result = await work(await this.#session(isWritten));
      this.#timer = setTimeout(() => void this.close(), idleMs).unref();
      return result;
    } catch (error) {
      await this.#close();
      this.#context.signal.throwIfAborted();
      const fault = duckdbError(error, this.path);
      if (fault.code !== 'duckdb_out_of_memory' || this.#memory >= memoryLimits.length - 1) throw fault;
    }
    this.#memory += 1;
    return this.#use(isWritten, work);
  }

  async #session(isWritten: boolean): Promise<DuckSession> {
    if (this.#open !== undefined && (this.#open.isWritten || !isWritten)) return this.#open.session;
    await this.#close();
    const { signal, stateDir, columns } = this.#context;
    const session = await DuckSession.open({
      path: this.path,
      isWritten,
      stateDir,
      memoryLimit: memoryLimits[this.#memory] ?? memoryLimits[0],
      rowGroup: columns.some(({ isVector }) => isVector) ? rowGroup.withVectors : rowGroup.plain,
      signal,
    });
    this.#open = { session, isWritten };
    return session;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    const open = this.#open;
    this.#open = undefined;
    await open?.session[Symbol.asyncDispose]();
  }
}
