import { BatchlineError } from '../../core/errors.ts';
import type { ExpectedSize } from '../http/file-sizes.ts';

/** A body whose lines are counted as it is read. */
export interface CountedBody {
  readonly body: ReadableStream<Uint8Array>;
  readonly size: ExpectedSize;
}

/**
 * Judges whether downloads are whole by the lines that a batch says it has: nothing tells how long a file of results is.
 * The provider's word is believed at first; where a file that ends with a line has the same lines twice, the provider is
 * wrong about it.
 */
export class LineCounts {
  readonly #warn: (message: string) => void;
  /** How many lines a file had the last time, where those were too few. */
  readonly #seen = new Map<string, number>();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** @param expected null where that is not known */
  of(file: string, body: ReadableStream<Uint8Array>, expected: number | null): CountedBody {
    let lines = 0;
    /** Bytes of the line that has not ended yet. */
    let begun = 0;
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        let start = 0;
        for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
          if (begun + end - start > 0) lines += 1;
          begun = 0;
          start = end + 1;
        }
        begun += chunk.length - start;
        controller.enqueue(chunk);
      },
    });
    const requireWhole = (_bytes: number, endsLine: boolean): void => {
      const found = lines + (begun > 0 ? 1 : 0);
      if (expected !== null && found < expected) this.#tooFew(file, found, expected, endsLine);
    };
    return { body: body.pipeThrough(counting), size: { bytes: null, requireWhole } };
  }

  #tooFew(file: string, found: number, expected: number, endsLine: boolean): void {
    const isSame = this.#seen.get(file) === found && endsLine;
    this.#seen.set(file, found);
    const message = `the download of ${file} was cut: it ended after ${found} of ${expected} lines`;
    if (!isSame) throw new BatchlineError('download_cut', message, { retryable: true });
    this.#warn(`${file} holds ${found} lines, not ${expected} as the provider says; it was taken as it is.`);
  }
}

const lineFeed = 0x0a;
