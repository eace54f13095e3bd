import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import { renameDurably } from '../../files/durable-file.ts';
import type { LoadMark } from '../../core/sink.ts';
import { finishedLine, LoadJournal, type JournalLine } from './load-journal.ts';

/** Lines for the file, and how many rows they are. */
export interface FileRows {
  readonly data: Buffer;
  readonly rows: number;
}

/** What decides whether two processes write the same kind of file. */
export interface FileShape {
  /** What the file begins with. */
  readonly head: string;
  /** Differs where the lines do: a file whose other lines have another shape is not continued. */
  readonly shape: string;
}

/**
 * The file that a sink appends to, `PATH.partial`, and its journal, `PATH.partial.loads`. A load is in the file when
 * it is in the journal: data are synced first, then the journal, and what stands behind the last length that the
 * journal knows is cut off. So a load that is repeated after a crash neither is lost nor stands there twice.
 *
 * A file that cannot be continued, another run's or one of another shape, is begun anew; `holds` then tells that rows
 * are missing.
 */
export class PartialFile {
  readonly path: string;
  readonly #shape: FileShape;
  readonly #partial: string;
  readonly #journal: string;
  #files: OpenFiles | undefined;
  #finished = false;

  constructor(path: string, shape: FileShape) {
    this.path = path;
    this.#shape = shape;
    this.#partial = `${path}.partial`;
    this.#journal = `${this.#partial}.loads`;
  }

  /** Appends durably, unless the mark stands in the journal. Not to be called again before it resolves. */
  async append(mark: LoadMark, { data, rows }: FileRows): Promise<void> {
    const { shape } = this.#shape;
    const files = (this.#files ??= await this.#begin(mark.runId));
    if (files.marks.has(markText(mark))) return;
    await writeAll(files.data, data, files.length);
    await files.data.sync();
    const length = files.length + data.length;
    const { runId, place: chunk, sha256 } = mark;
    const line: JournalLine = { runId, chunk, sha256, shape, rows, length };
    await this.#note(files, `${JSON.stringify(line)}\n`);
    files.length = length;
    files.marks.add(markText(mark));
  }

  /** Whether so many rows of a run, and nothing else, stand in the file, with its name already or not. */
  async holds(rows: number, runId: string): Promise<boolean> {
    if (rows === 0) return true;
    return (await LoadJournal.read(this.#journal)).rows === rows && this.continues(runId);
  }

  /** Whether rows of a run, and nothing else, stand in the file, with its name already or not. */
  async continues(runId: string): Promise<boolean> {
    const journal = await LoadJournal.read(this.#journal);
    // A load that was repeated with other rows has left both behind.
    if (journal.isEmpty || !this.#isOurs(journal, runId) || journal.repeatsPlaces) return false;
    const size = await sizeOf(this.#partial);
    if (size !== null) return size >= journal.length;
    return journal.isFinished && (await sizeOf(this.path)) !== null;
  }

  /** Throws away what was loaded and has no name yet. */
  async restart(): Promise<void> {
    await this.#closeFiles();
    // The journal goes first: beside a shorter file it would lie.
    await rm(this.#journal, { force: true });
    await rm(this.#partial, { force: true });
    this.#finished = false;
  }

  /**
   * Gives the file its name. Where the run has no rows it holds the head alone; where an earlier process has finished
   * already, nothing happens.
   *
   * @param rows how many must stand in it: another run may have used the same file in between
   */
  async finish(rows: number): Promise<void> {
    if (this.#finished) return;
    if (rows === 0 || (await this.#isPending())) {
      if (rows === 0) await this.#writeEmpty();
      else await this.#markFinished(rows);
      await renameDurably(this.#partial, this.path);
    }
    this.#finished = true;
  }

  /** The journal outlives the rename until here, so that a finish which is repeated after a crash is known for one. */
  async close(): Promise<void> {
    await this.#closeFiles();
    if (this.#finished) await rm(this.#journal, { force: true });
  }

  async #closeFiles(): Promise<void> {
    await this.#files?.data.close();
    await this.#files?.journal.close();
    this.#files = undefined;
  }

  /** Whether rows wait for their name; if not, an earlier process gave it to them. */
  async #isPending(): Promise<boolean> {
    if ((await sizeOf(this.#partial)) !== null) return true;
    const journal = await LoadJournal.read(this.#journal);
    const isFinished = journal.isEmpty ? (await sizeOf(this.path)) !== null : journal.isFinished;
    if (!isFinished) throw this.#lost();
    return false;
  }

  #isOurs({ lines }: LoadJournal, runId: string): boolean {
    return lines.every((line) => line.runId === runId && line.shape === this.#shape.shape);
  }

  async #begin(runId: string): Promise<OpenFiles> {
    const journal = await LoadJournal.read(this.#journal);
    const size = await sizeOf(this.#partial);
    const continues = !journal.isEmpty && this.#isOurs(journal, runId) && size !== null;
    return continues && size >= journal.length ? this.#reopen(journal) : this.#create();
  }

  async #create(): Promise<OpenFiles> {
    // The journal goes first: beside a new file an old one would lie.
    await rm(this.#journal, { force: true });
    const data = await open(this.#partial, 'w');
    const length = await writeAll(data, Buffer.from(this.#shape.head), 0);
    return { data, journal: await open(this.#journal, 'w'), length, journalLength: 0, marks: new Set() };
  }

  async #reopen({ lines, length }: LoadJournal): Promise<OpenFiles> {
    const data = await open(this.#partial, 'r+');
    await data.truncate(length);
    // A line that a crash tore, and a `finished` that was not followed by a rename, are dropped.
    const kept = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const journal = await open(this.#journal, 'r+');
    await writeAll(journal, kept, 0);
    await journal.truncate(kept.length);
    return { data, journal, length, journalLength: kept.length, marks: marksOf(lines) };
  }

  async #note(files: OpenFiles, line: string): Promise<void> {
    files.journalLength += await writeAll(files.journal, Buffer.from(line), files.journalLength);
    await files.journal.sync();
  }

  async #markFinished(rows: number): Promise<void> {
    const journal = await LoadJournal.read(this.#journal);
    if (journal.rows !== rows) throw this.#lost();
    const files = (this.#files ??= await this.#reopen(journal));
    await this.#note(files, finishedLine);
  }

  async #writeEmpty(): Promise<void> {
    await this.restart();
    await using data = await open(this.#partial, 'w');
    await writeAll(data, Buffer.from(this.#shape.head), 0);
    await data.sync();
  }

  #lost(): BatchlineError {
    return new BatchlineError(
      'partial_file_lost',
      `${this.#partial} does not hold the rows that were loaded into it`,
      {
        where: this.#partial,
        hint: 'Build the files anew with `pipeline build`, and load all their results: what was paid for is in them.',
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

function marksOf(lines: readonly JournalLine[]): Set<string> {
  return new Set(lines.map(({ runId, chunk: place, sha256 }) => markText({ runId, place, sha256 })));
}

function markText({ runId, place, sha256 }: LoadMark): string {
  return JSON.stringify([runId, place, sha256]);
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    },
  );
}
