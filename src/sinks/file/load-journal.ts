import { readFile } from 'node:fs/promises';
import { errorCode } from '../../core/errors.ts';
import type { LoadMark } from '../../core/sink.ts';

/** What the journal says of one load: its mark, its rows, and how long the file was after it, in bytes. */
export interface JournalLine extends Omit<LoadMark, 'place'> {
  /** The mark's place. */
  readonly chunk: string;
  readonly shape: string;
  readonly rows: number;
  readonly length: number;
}

/** The last line of a journal whose file is complete and about to get its name. */
export const finishedLine = '{"finished":true}\n';

/** The loads that a partial file holds, as an earlier process has noted them. */
export class LoadJournal {
  readonly lines: readonly JournalLine[];
  readonly isFinished: boolean;

  private constructor(text: string) {
    // What follows the last line feed was torn off by a crash.
    const lines = text.split('\n').slice(0, -1);
    this.lines = lines.flatMap((line) => {
      const parsed = JSON.parse(line) as JournalLine | { readonly finished: true };
      return 'finished' in parsed ? [] : [parsed];
    });
    this.isFinished = text.endsWith(finishedLine);
  }

  static async read(path: string): Promise<LoadJournal> {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    });
    return new LoadJournal(text);
  }

  get isEmpty(): boolean {
    return this.lines.length === 0;
  }

  get rows(): number {
    return this.lines.reduce((sum, line) => sum + line.rows, 0);
  }

  /** Whether one place was loaded twice, with different rows. */
  get repeatsPlaces(): boolean {
    return new Set(this.lines.map(({ chunk }) => chunk)).size < this.lines.length;
  }

  /** How long the file is with the last load, in bytes. */
  get length(): number {
    return this.lines.at(-1)?.length ?? 0;
  }
}
