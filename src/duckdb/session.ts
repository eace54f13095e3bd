import { join } from 'node:path';
import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBPreparedStatement,
  DuckDBValue,
} from '@duckdb/node-api';
import { leaseInstance, type InstanceLease } from './instances.ts';
import { quoteName, textLiteral } from './sql-text.ts';

export interface SessionOptions {
  /** A database file, absolute; null for a database in memory. */
  readonly path: string | null;
  readonly isWritten: boolean;
  readonly stateDir: string;
  /** The folder that relative paths in SQL start from. */
  readonly baseDir?: string;
  /** As DuckDB reads it. */
  readonly memoryLimit?: string;
  /** How many rows of a table are kept together, where the file is written: a multiple of 2,048. */
  readonly rowGroup?: number;
  /** Breaks off what is under way. */
  readonly signal: AbortSignal;
}

/** Enough for what streams through; what sorts and groups beyond it goes to the disk. */
const defaultMemory = '128MB';
/** DuckDB's own. */
const defaultRowGroup = 122_880;

/** A connection to a database of DuckDB, one statement at a time. It throws what DuckDB throws. */
export class DuckSession implements AsyncDisposable {
  readonly connection: DuckDBConnection;
  readonly #lease: InstanceLease;
  readonly #signal: AbortSignal;
  readonly #interrupt = (): void => this.connection.interrupt();

  private constructor(connection: DuckDBConnection, lease: InstanceLease, signal: AbortSignal) {
    this.connection = connection;
    this.#lease = lease;
    this.#signal = signal;
    signal.addEventListener('abort', this.#interrupt);
  }

  static async open(options: SessionOptions): Promise<DuckSession> {
    options.signal.throwIfAborted();
    const { path, isWritten, memoryLimit = defaultMemory, rowGroup = defaultRowGroup } = options;
    const tempDir = join(options.stateDir, 'duckdb-temp');
    using leases = new DisposableStack();
    const lease = leases.use(await leaseInstance({ path, isWritten, memoryLimit, tempDir, rowGroup }));
    const session = new DuckSession(await lease.instance.connect(), lease, options.signal);
    leases.move();
    await session.#configure(options.baseDir);
    return session;
  }

  async #configure(baseDir: string | undefined): Promise<void> {
    const { catalog } = this.#lease;
    try {
      if (catalog !== null) await this.run(`USE ${quoteName(catalog)}.main`);
      await this.run("SET TimeZone = 'UTC'");
      // The setting is a list; a folder with a comma cannot stand in it.
      if (baseDir !== undefined && !baseDir.includes(','))
        await this.run(`SET file_search_path = ${textLiteral(baseDir)}`);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a statement, or several. */
  async run(sql: string): Promise<void> {
    this.#signal.throwIfAborted();
    await this.connection.run(sql);
  }

  /** The rows of a query whose result is small. */
  async rows<Row extends readonly DuckDBValue[]>(
    sql: string,
    values?: DuckDBValue[],
  ): Promise<readonly Row[]> {
    this.#signal.throwIfAborted();
    const reader = await this.connection.runAndReadAll(sql, values);
    return reader.getRows() as unknown as readonly Row[];
  }

  /**
   * The chunks of a SELECT's result, computed as they are fetched. An error in between shows as an end: the package gives
   * the same empty chunk for both. Only the transaction then knows that it was aborted.
   */
  async *chunks(sql: string): AsyncGenerator<DuckDBDataChunk, void, undefined> {
    await this.run('BEGIN TRANSACTION');
    const result = await this.connection.stream(sql);
    for (let rows = 0; ;) {
      const chunk = await result.fetchChunk();
      this.#signal.throwIfAborted();
      if (chunk === null || chunk.rowCount === 0) return this.#endAfter(sql, rows);
      rows += chunk.rowCount;
      yield chunk;
      this.#signal.throwIfAborted();
    }
  }

  async #endAfter(sql: string, rows: number): Promise<void> {
    const isAborted = await this.run('SELECT 1').then(
      () => false,
      () => true,
    );
    await this.run('ROLLBACK');
    if (!isAborted) return;
    // Runs it to its end once more and keeps no row, so that the error is told.
    await this.run(`EXPLAIN ANALYZE ${sql}`);
    throw new Error(`DuckDB broke off after ${rows} rows and does not say why`);
  }

  /**
   * What there is to know of a statement without running it. It is not kept: that of a CSV file holds some blocks of it.
   *
   * @throws what DuckDB throws where it cannot be run
   */
  async prepared<T>(sql: string, look: (statement: DuckDBPreparedStatement) => T): Promise<T> {
    this.#signal.throwIfAborted();
    const statement = await this.connection.prepare(sql);
    try {
      return look(statement);
    } finally {
      statement.destroySync();
    }
  }

  /** @throws what DuckDB throws where the statement cannot be run */
  check(sql: string): Promise<void> {
    return this.prepared(sql, () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#interrupt);
    try {
      // A result that was left half-way holds the file open until another statement ends it.
      this.connection.interrupt();
      await this.connection.run('SELECT 1');
    } catch {
      // The connection is given up in any case.
    } finally {
      this.connection.closeSync();
      this.#lease[Symbol.dispose]();
    }
  }
}
