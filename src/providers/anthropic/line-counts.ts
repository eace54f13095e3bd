import { BatchlineError } from '../../core/errors.ts';

const lineFeed = 0x0a;

/** Counts the lines of what flows through it. */
export class LineCounter {
  #ended = 0;
  #last = lineFeed;

  /** An empty line is none. */
  readonly stream = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      let before = this.#last;
      for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, at + 1)) {
        if (at > 0) before = chunk[at - 1] ?? lineFeed;
        if (before !== lineFeed) this.#ended += 1;
        before = lineFeed;
      }
      this.#last = chunk.at(-1) ?? this.#last;
      controller.enqueue(chunk);
    },
  });

  get endsLine(): boolean {
    return this.#last === lineFeed;
  }

  get lines(): number {
    return this.#ended + (this.endsLine ? 0 : 1);
  }
}

/**
 * Judges whether results are whole by how many lines the provider says they have. Its word is believed at first; where
 * the same lines came twice, to the end of a line, it is wrong about it.
 */
export class ResultCounts {
  readonly #warn: (message: string) => void;
  /** How many lines there were the last time, where those were too few. */
  readonly #seen = new Map<string, number>();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** @throws BatchlineError `download_cut`, retryable */
  requireWhole(batchId: string, { lines, endsLine }: LineCounter, expected: number | null): void {
    if (expected === null || lines >= expected) return;
    const before = this.#seen.get(batchId);
    this.#seen.set(batchId, lines);
    if (before !== lines || !endsLine || lines === 0) throw cut(batchId, lines, expected);
    this.#warn(
      `The results of batch ${batchId} have ${lines} lines, not ${expected} as the provider says; they were taken.`,
    );
  }
}

function cut(batchId: string, lines: number, expected: number): BatchlineError {
  const message = `the download of the results of batch ${batchId} was cut: it ended after ${lines} of ${expected} lines`;
  return new BatchlineError('download_cut', message, { retryable: true });
}
