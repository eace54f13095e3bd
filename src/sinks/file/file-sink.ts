import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { diskFault } from '../../files/disk.ts';
import { BatchlineError, errorCode, errorMessage } from '../../core/errors.ts';
import type {
  LoadMark,
  LoadOutcome,
  OpenedSink,
  ResultBatch,
  SinkContext,
  SinkSample,
} from '../../core/sink.ts';
import { checkNotFolder } from './folder-checks.ts';
import { PartialFile, type FileShape } from './partial-file.ts';
import { makeFolder } from '../../files/make-folder.ts';

/** How rows become the bytes of a file. */
export interface FileFormat extends FileShape {
  /** One row as a line, with its line end. */
  line(rows: ResultBatch, row: number): CleanLine;
  /** Reads the first rows of a file back. */
  sample(path: string, count: number, signal: AbortSignal): Promise<SinkSample>;
}

export interface CleanLine {
  readonly text: string;
  /** Whether NUL or lone surrogates were replaced in it. */
  readonly cleaned: boolean;
}

/**
 * Collects rows in a temporary file that gets its name in `finish`: a reader of `path` sees either the old rows or all
 * the new ones.
 */
export function openFileSink(path: string, context: SinkContext, format: FileFormat): OpenedSink {
  return new FileSink(resolve(context.baseDir, path), context, format);
}

class FileSink implements OpenedSink {
  readonly keepsHash = false;
  readonly isReplaced = true;
  readonly #file: PartialFile;
  readonly #context: SinkContext;
  readonly #format: FileFormat;
  /** Loads come two at a time, and lines must not mingle. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, context: SinkContext, format: FileFormat) {
    this.#file = new PartialFile(path, format);
    this.#context = context;
    this.#format = format;
  }

  get target(): string {
    return this.#file.path;
  }

  async rehearse(): Promise<void> {
    await this.#guard(async () => {
      await checkNotFolder(this.target);
      await checkWritable(dirname(this.target));
    });
  }

  async prepare(): Promise<void> {
    await this.#guard(() => makeFolder(dirname(this.target)));
  }

  async findUnchanged(keys: readonly (readonly string[])[]): Promise<readonly boolean[]> {
    return keys.map(() => false);
  }

  load(rows: ResultBatch, mark: LoadMark): Promise<LoadOutcome> {
    return this.#inTurn(async () => {
      this.#context.signal.throwIfAborted();
      const lines = Array.from({ length: rows.length }, (_, row) => this.#format.line(rows, row));
      const data = Buffer.from(lines.map(({ text }) => text).join(''));
      await this.#file.append(mark, { data, rows: rows.length });
      return { failures: [], cleaned: lines.filter(({ cleaned }) => cleaned).length };
    });
  }

  continues(runId: string): Promise<boolean> {
    return this.#inTurn(() => this.#file.continues(runId));
  }

  holds(rows: number, runId: string): Promise<boolean> {
    return this.#inTurn(() => this.#file.holds(rows, runId));
  }

  restart(): Promise<void> {
    return this.#inTurn(() => this.#file.restart());
  }

  finish(rows: number): Promise<void> {
    return this.#inTurn(() => this.#file.finish(rows));
  }

  sample(count: number): Promise<SinkSample> {
    return this.#guard(() => this.#format.sample(this.target, count, this.#context.signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last.catch(() => {});
    await this.#file.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.catch(() => {}).then(() => this.#guard(work));
    this.#last = turn;
    return turn;
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#context.signal.throwIfAborted();
      throw fileError(error, this.target);
    }
  }
}

/** Missing folders are made by `prepare`, inside the nearest one that is there. */
async function checkWritable(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    await checkWritable(dirname(folder));
  }
}

const hints: Readonly<Record<string, string>> = {
  EACCES: 'Write to a folder that this user may write to.',
  EROFS: 'Write to a folder that this user may write to.',
  ENOENT: 'There is no such file yet; a run that finishes writes it.',
  ENOTDIR: 'Part of sink.path is a file, not a folder.',
};

function fileError(error: unknown, path: string): unknown {
  const code = errorCode(error);
  if (error instanceof BatchlineError || code === undefined) return error;
  const full = diskFault(error, path);
  if (full !== null) return full;
  return new BatchlineError('file_sink_failed', errorMessage(error), {
    where: path,
    hint: hints[code],
    cause: error,
  });
}
