import { open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import { renameDurably } from '../../core/durable-file.ts';
import type { LoadMark } from '../../core/sink.ts';

/** What the journal says of one load: its mark, its rows, and how long the file was after it, in bytes. */
interface JournalLine extends LoadMark {
  readonly rows: number;
  readonly length: number;
}

/** Lines for the file, and how many rows they are. */
export interface FileRows {
  readonly data: Buffer;
  readonly rows: number;
}

/** The last line of a journal whose file is complete and about to get its name. */
const finishedLine = '{"finished":true}\n';

/**
 * The file that a sink appends to, `PATH.partial`, and its journal, `PATH.partial.loads`. A load is in the file when
 * it is in the journal: data are synced first, then the journal, and what stands behind the last length that the
 * journal knows is cut off. So a load that is repeated after a crash neither is lost nor stands there twice.
 */
export class PartialFile {
  readonly path: string;
  readonly #partial: string;
  readonly #journal: string;
  #files: OpenFiles | undefined;
  #finished = false;

  constructor(path: string) {
    this.path = path;
    this.#partial = `${path}.partial`;
    this.#journal = `${this.#partial}.loads`;
  }

  /**
   * Appends durably, unless the mark stands in the journal. Not to be called again before it resolves.
   *
   * @param head what a new file begins with
   */
  async append(mark: LoadMark, head: string, { data, rows }: FileRows): Promise<void> {
    const files = (this.#files ??= await this.#begin(mark.runId, head));
    if (files.marks.has(markText(mark))) return;
    await writeAll(files.data, data, files.length);
    await files.data.sync();
    const length = files.length + data.length;
    await this.#note(files, `${JSON.stringify({ ...mark, rows, length } satisfies JournalLine)}\n`);
    files.length = length;
    files.marks.add(markText(mark));
  }

  /**
   * Gives the file its name. Where the run has no rows it holds the head alone; where an earlier process has finished
   * already, nothing happens.
   *
   * @param rows how many must stand in it: another run may have used the same file in between
   */
  async finish(head: string, rows: number): Promise<void> {
    if (this.#finished) return;
    if (rows === 0 || (await this.#isPending())) {
      if (rows === 0) await this.#writeEmpty(head);
      else await this.#markFinished(rows);
      await renameDurably(this.#partial, this.path);
    }
    this.#finished = true;
  }

  /** The journal outlives the rename until here, so that a finish which is repeated after a crash is known for one. */
  async close(): Promise<void> {
    await this.#files?.data.close();
    await this.#files?.journal.close();
    this.#files = undefined;
    if (this.#finished) await rm(this.#journal, { force: true });
  }

  /** Whether rows wait for their name; if not, an earlier process gave it to them. */
  async #isPending(): Promise<boolean> {
    if ((await sizeOf(this.#partial)) !== null) return true;
    const journal = await readText(this.#journal);
    const isFinished = journal === '' ? (await sizeOf(this.path)) !== null : journal.endsWith(finishedLine);
    if (!isFinished) throw this.#lost();
    return false;
  }

  async #begin(runId: string, head: string): Promise<OpenFiles> {
    const journal = await readText(this.#journal);
    const lines = parseJournal(journal);
    const size = await sizeOf(this.#partial);
    const isOurs = lines.length > 0 && lines[0]?.runId === runId;
    // Another run's file, or one that was finished and is now loaded anew.
    if (!isOurs || (size === null && journal.endsWith(finishedLine))) return this.#create(head);
    const length = lines.at(-1)?.length ?? 0;
    if (size === null || size < length) throw this.#lost();
    return this.#reopen(lines, length);
  }

  async #create(head: string): Promise<OpenFiles> {
    // The journal goes first: beside a new file an old one would lie.
    await rm(this.#journal, { force: true });
    const data = await open(this.#partial, 'w');
    const length = await writeAll(data, Buffer.from(head), 0);
    return { data, journal: await open(this.#journal, 'w'), length, journalLength: 0, marks: new Set() };
  }

  async #reopen(lines: readonly JournalLine[], length: number): Promise<OpenFiles> {
    const data = await open(this.#partial, 'r+');
    await data.truncate(length);
    // A line that a crash tore, and a `finished` that was not followed by a rename, are dropped.
    const kept = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const journal = await open(this.#journal, 'r+');
    await writeAll(journal, kept, 0);
    await journal.truncate(kept.length);
    return { data, journal, length, journalLength: kept.length, marks: new Set(lines.map(markText)) };
  }

  async #note(files: OpenFiles, line: string): Promise<void> {
    files.journalLength += await writeAll(files.journal, Buffer.from(line), files.journalLength);
    await files.journal.sync();
  }

  async #markFinished(rows: number): Promise<void> {
    const lines = parseJournal(await readText(this.#journal));
    if (lines.reduce((sum, line) => sum + line.rows, 0) !== rows) throw this.#lost();
    const files = (this.#files ??= await this.#reopen(lines, lines.at(-1)?.length ?? 0));
    await this.#note(files, finishedLine);
  }

  async #writeEmpty(head: string): Promise<void> {
    await rm(this.#journal, { force: true });
    await using data = await open(this.#partial, 'w');
    await writeAll(data, Buffer.from(head), 0);
    await data.sync();
  }

  #lost(): BatchlineError {
    return new BatchlineError(
      'partial_file_lost',
      `${this.#partial} does not hold the rows that were loaded into it`,
      {
        where: this.#partial,
        hint: 'Load the saved answers again: pipeline load FILE --run RUN, after removing the .partial.loads file.',
      },
    );
  }
}

interface OpenFiles {
  readonly data: FileHandle;
  readonly journal: FileHandle;
  readonly marks: Set<string>;
  length: number;
  journalLength: number;
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<number> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
  return written;
}

function markText({ runId, chunk, sha256 }: LoadMark): string {
  return JSON.stringify([runId, chunk, sha256]);
}

function parseJournal(text: string): readonly JournalLine[] {
  // What follows the last line feed was torn off by a crash.
  const lines = text.split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    const parsed = JSON.parse(line) as JournalLine | { readonly finished: true };
    return 'finished' in parsed ? [] : [parsed];
  });
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => absent(error, ''));
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    (error: unknown) => absent(error, null),
  );
}

function absent<T>(error: unknown, otherwise: T): T {
  if (errorCode(error) === 'ENOENT') return otherwise;
  throw error;
}
