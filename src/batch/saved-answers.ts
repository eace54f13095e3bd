import { open, type FileHandle } from 'node:fs/promises';
import { errorCode } from '../core/errors.ts';
import type { BytePlace } from '../ledger/ledger.ts';
import type { AnswerReader } from '../results/answer-reader.ts';

/** What the model said in single lines of a chunk's output file; the file is opened when it is first read. */
export class SavedAnswers implements AsyncDisposable {
  readonly #path: string;
  readonly #reader: AnswerReader;
  #file: FileHandle | undefined;

  constructor(path: string, reader: AnswerReader) {
    this.#path = path;
    this.#reader = reader;
  }

  /** Null where the answer is no longer kept, or there is none. */
  async read({ at, bytes }: BytePlace): Promise<string | null> {
    try {
      this.#file ??= await open(this.#path, 'r');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    }
    const line = Buffer.allocUnsafe(bytes);
    const { bytesRead } = await this.#file.read(line, 0, bytes, at);
    return bytesRead === bytes ? this.#reader.textOf(line) : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}
