import { open, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { renameDurably } from '../../files/durable-file.ts';
import { BatchlineError } from '../../core/errors.ts';
import type {
  LoadMark,
  LoadOutcome,
  OpenedSink,
  ResultBatch,
  SinkContext,
  SinkSample,
} from '../../core/sink.ts';
import { duckdbError } from '../../duckdb/duckdb-error.ts';
import { DuckSession } from '../../duckdb/session.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';
import { exists } from '../../files/exists.ts';
import { checkNotFolder, checkWritable } from '../file/folder-checks.ts';
import { DuckFile } from './duck-file.ts';
import { GatheredRows } from './gathered-rows.ts';
import { readWritten, type WrittenParquet } from './parquet-file.ts';
import { sampleRows } from './sample-rows.ts';
import { makeFolder } from '../../files/make-folder.ts';

/**
 * Gathers rows in a database beside the file, `PATH.partial`, and writes them as Parquet in `finish`: a reader of
 * `path` sees either the old rows or all the new ones.
 */
export function openParquetSink(path: string, context: SinkContext): OpenedSink {
  return new ParquetSink(resolve(context.baseDir, path), context);
}

class ParquetSink implements OpenedSink {
  readonly keepsHash = false;
  readonly isReplaced = true;
  readonly target: string;
  readonly #context: SinkContext;
  readonly #file: DuckFile;
  readonly #rows: GatheredRows;
  #isFinished = false;

  constructor(path: string, context: SinkContext) {
    this.target = path;
    this.#context = context;
    this.#file = new DuckFile(`${path}.partial`, context);
    this.#rows = new GatheredRows(this.#file.path, context);
  }

  async rehearse(): Promise<void> {
    await checkNotFolder(this.target);
    await checkWritable(this.target);
    await this.#inMemory((session) => this.#rows.create(session));
  }

  async prepare(): Promise<void> {
    await makeFolder(dirname(this.target));
  }

  async findUnchanged(keys: readonly (readonly string[])[]): Promise<readonly boolean[]> {
    return keys.map(() => false);
  }

  load(rows: ResultBatch, mark: LoadMark): Promise<LoadOutcome> {
    return this.#file.write((session) => this.#rows.load(session, rows, mark));
  }

  async continues(runId: string): Promise<boolean> {
    if (await this.#isGathering()) return this.#file.write((session) => this.#rows.continue(session, runId));
    const written = await this.#written();
    return written?.runId === runId && written.shape === this.#rows.shape;
  }

  async #count(): Promise<number | undefined> {
    if (await this.#isGathering()) return this.#file.write((session) => this.#rows.count(session));
    return (await this.#written())?.rows;
  }

  #isGathering(): Promise<boolean> {
    return exists(this.#file.path);
  }

  async holds(rows: number, runId: string): Promise<boolean> {
    return rows === 0 || ((await this.continues(runId)) && (await this.#count()) === rows);
  }

  async restart(): Promise<void> {
    await this.#removeGathered();
    this.#isFinished = false;
  }

  async finish(rows: number): Promise<void> {
    if (this.#isFinished) return;
    if (rows === 0) await this.#inMemory((session) => this.#writeEmpty(session));
    else if (await this.#isGathering()) await this.#file.write((session) => this.#write(session, rows));
    // A finish that was cut off after the rename had removed what it no longer needed.
    else if ((await this.#written())?.rows !== rows) throw this.#rows.lost();
    await this.#removeGathered();
    this.#isFinished = true;
  }

  async #writeEmpty(session: DuckSession): Promise<void> {
    await this.#rows.create(session);
    await this.#write(session, 0);
  }

  /** The rename comes last: what stands under the name is whole, and on the disk. */
  async #write(session: DuckSession, rows: number): Promise<void> {
    const temporary = `${this.target}.partial.parquet`;
    await this.#rows.writeParquet(session, temporary, rows);
    await syncFile(temporary);
    await renameDurably(temporary, this.target);
  }

  /** What the file under its name holds; null where there is none, or one of another origin. */
  async #written(): Promise<WrittenParquet | null> {
    if (!(await exists(this.target))) return null;
    return this.#inMemory((session) => readWritten(session, this.target));
  }

  async #removeGathered(): Promise<void> {
    await this.#file.close();
    this.#rows.forget();
    for (const end of ['', '.wal']) await rm(`${this.#file.path}${end}`, { force: true });
  }

  async sample(count: number): Promise<SinkSample> {
    if (!(await exists(this.target))) throw notWritten(this.target);
    const columns = [...this.#context.key, ...this.#context.columns].map(({ name }) => name);
    const from = `read_parquet(${textLiteral(this.target)})`;
    return this.#inMemory((session) => sampleRows(session, from, columns, [], count));
  }

  async #inMemory<T>(work: (session: DuckSession) => Promise<T>): Promise<T> {
    const { stateDir, signal } = this.#context;
    try {
      await using session = await DuckSession.open({ path: null, isWritten: true, stateDir, signal });
      return await work(session);
    } catch (error) {
      signal.throwIfAborted();
      throw duckdbError(error, this.target);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.sync();
}

function notWritten(path: string): BatchlineError {
  return new BatchlineError('file_sink_failed', `there is no file ${path}`, {
    where: path,
    hint: 'There is no such file yet; a run that finishes writes it.',
  });
}
