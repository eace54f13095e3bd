import { closeSync, existsSync, fdatasync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { renameDurably } from '../../files/durable-file.ts';
import { exists } from '../../files/exists.ts';
import { explain } from '../../files/durable-writer.ts';
import { readLines } from '../../files/line-reader.ts';

const sync = promisify(fdatasync);
const syncEveryMs = 1000;

/** Where what was asked of a file's lines is kept. */
export interface AskedFiles {
  /**
   * `+3` for each time that line 3 went out, `-3` where it was answered that it had not run, `=3 "x"` where it was
   * accepted and its answer is to be got by `x`.
   */
  readonly log: string;
  /** Answers, until all are there. */
  readonly partial: string;
  readonly output: string;
}

/** What is noted of each line on its way to its answer. */
export interface Asked {
  /** By which the answer of a line that was accepted is got. */
  handleOf(line: number): string | undefined;
  sent(line: number): void;
  begun(line: number, handle: string): void;
  refused(line: number): void;
  gone(line: number): void;
  answered(line: number, text: string): void;
}

/**
 * Which lines of a file were sent one by one, and what was answered: both are written to their files at once, so that
 * the death of the process costs at most the requests that were under way, and synced every second, so that the
 * machine's costs little more. Lines count from 0.
 */
export class AskedLines implements Asked, AsyncDisposable {
  readonly #files: AskedFiles;
  readonly #log: number;
  readonly #answers: number;
  /** Lines that went out and of which nothing has come back. */
  readonly #open: Set<number>;
  /** By which the answers of accepted lines are got. */
  readonly #handles: Map<number, string>;
  readonly #answered: Set<number>;
  #inDoubt: number;
  #isDirty = false;
  #syncing: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;
  #isClosed = false;

  private constructor(files: AskedFiles, known: Known) {
    this.#files = files;
    this.#open = known.open;
    this.#handles = known.handles;
    this.#inDoubt = known.inDoubt;
    this.#answered = known.answered;
    this.#log = openSync(files.log, 'a', 0o600);
    this.#answers = openSync(files.partial, 'a', 0o600);
    ftruncateSync(this.#answers, known.answerBytes);
    // What follows is not to become part of a line that was cut off.
    this.#write(this.#log, '\n');
    if (known.lacksEnd) this.#write(this.#answers, '\n');
    this.#timer = setInterval(() => void this.#sync(), syncEveryMs).unref();
  }

  /** @param lineOf the line that an answer in the batch's own form is one to; null for one of nobody's */
  static async open(
    files: AskedFiles,
    lineOf: (answer: Buffer) => number | null,
    signal: AbortSignal,
  ): Promise<AskedLines> {
    try {
      // A process that died before the ledger knew had all answers together.
      if (!(await exists(files.partial)) && (await exists(files.output)))
        await renameDurably(files.output, files.partial);
      const answers = await readAnswers(files.partial, lineOf, signal);
      return new AskedLines(files, { ...answers, ...readLog(files.log, answers.answered) });
    } catch (error) {
      signal.throwIfAborted();
      return explain(files.partial)(error);
    }
  }

  /** How many lines are answered. */
  get count(): number {
    return this.#answered.size;
  }

  /** Requests that were sent again although they may have been answered. */
  get inDoubt(): number {
    return this.#inDoubt;
  }

  /** How many lines went out of which nothing has come back. */
  get unheard(): number {
    return this.#open.size;
  }

  has(line: number): boolean {
    return this.#answered.has(line);
  }

  /** By which the answer of a line that was accepted is got. */
  handleOf(line: number): string | undefined {
    return this.#handles.get(line);
  }

  /** Lines that were accepted and have no answer yet. */
  get accepted(): ReadonlyMap<number, string> {
    return this.#handles;
  }

  /** To be called before a line goes out; what it was accepted as before is lost. */
  sent(line: number): void {
    this.#handles.delete(line);
    if (this.#open.has(line)) this.#inDoubt += 1;
    this.#open.add(line);
    this.#write(this.#log, `+${line}\n`);
  }

  /** The provider will answer it, however often this process dies. */
  begun(line: number, handle: string): void {
    this.#handles.set(line, handle);
    this.#write(this.#log, `=${line} ${JSON.stringify(handle)}\n`);
  }

  /** The provider does not know it any more: it stays open, for it may have been answered. */
  gone(line: number): void {
    this.#handles.delete(line);
  }

  /** The provider has said that it did not run. */
  refused(line: number): void {
    this.#open.delete(line);
    this.#handles.delete(line);
    this.#write(this.#log, `-${line}\n`);
  }

  /** @param text a result line, with its end */
  answered(line: number, text: string): void {
    this.#open.delete(line);
    this.#handles.delete(line);
    this.#answered.add(line);
    this.#write(this.#answers, text);
  }

  /** Makes the answers the file's results; the log is of use until the ledger knows of them. */
  async finish(): Promise<void> {
    await this.#close();
    await renameDurably(this.#files.partial, this.#files.output).catch(explain(this.#files.output));
  }

  #write(file: number, text: string): void {
    this.#isDirty = true;
    const bytes = Buffer.from(text);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    } catch (error) {
      explain(this.#files.partial)(error);
    }
  }

  #sync(): Promise<void> {
    if (!this.#isDirty) return this.#syncing;
    this.#isDirty = false;
    this.#syncing = this.#syncAfter(this.#syncing);
    // Whoever closes it is told.
    this.#syncing.catch(() => {});
    return this.#syncing;
  }

  async #syncAfter(last: Promise<void>): Promise<void> {
    await last;
    await sync(this.#answers);
    await sync(this.#log);
  }

  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    try {
      await this.#sync().catch(explain(this.#files.partial));
    } finally {
      closeSync(this.#log);
      closeSync(this.#answers);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

interface Answers {
  readonly answered: Set<number>;
  readonly answerBytes: number;
  /** Whether the last line is whole but for its line feed. */
  readonly lacksEnd: boolean;
}

interface Known extends Answers {
  readonly open: Set<number>;
  readonly handles: Map<number, string>;
  readonly inDoubt: number;
}

/** A last line that was cut off by the death of whoever wrote it does not count. */
async function readAnswers(
  path: string,
  lineOf: (answer: Buffer) => number | null,
  signal: AbortSignal,
): Promise<Answers> {
  const answered = new Set<number>();
  if (!(await exists(path))) return { answered, answerBytes: 0, lacksEnd: false };
  const { size } = await stat(path);
  let answerBytes = 0;
  let lacksEnd = false;
  for await (const { lines } of readLines(path, signal)) {
    for (const line of lines) {
      const number = lineOf(line);
      lacksEnd = answerBytes + line.length === size;
      if (number === null && lacksEnd) return { answered, answerBytes, lacksEnd: false };
      if (number !== null) answered.add(number);
      answerBytes += line.length + (lacksEnd ? 0 : 1);
    }
  }
  return { answered, answerBytes, lacksEnd };
}

/** A line may have been answered and its answer lost with the process: what was sent last is then open. */
function readLog(path: string, answered: ReadonlySet<number>): Pick<Known, 'open' | 'handles' | 'inDoubt'> {
  const open = new Set<number>();
  const handles = new Map<number, string>();
  let inDoubt = 0;
  for (const entry of existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []) {
    const [, sign, digits, handle] = /^([-+=])(\d+)(?: (".*"))?$/.exec(entry) ?? [];
    if (sign === undefined) continue;
    const line = Number(digits);
    if (sign === '=') {
      if (handle !== undefined) handles.set(line, JSON.parse(handle) as string);
      continue;
    }
    handles.delete(line);
    if (sign === '-') open.delete(line);
    else if (open.has(line)) inDoubt += 1;
    else open.add(line);
  }
  for (const line of answered) {
    open.delete(line);
    handles.delete(line);
  }
  return { open, handles, inDoubt };
}
