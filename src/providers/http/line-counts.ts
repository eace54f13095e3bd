import { BatchlineError } from '../../core/errors.ts';
import type { ExpectedSize } from './file-sizes.ts';

/** Results of which it is known how many lines they should have. */
interface ExpectedLines {
  /** Names them in messages. */
  readonly what: string;
  /** Null where that is not known. */
  readonly lines: number | null;
  /** What to say where they were taken with fewer. */
  readonly warning: (found: number, expected: number) => string;
}

/** A body whose lines are counted as it is read. */
interface CountedBody {
  readonly body: ReadableStream<Uint8Array>;
  readonly size: ExpectedSize;
}

/**
 * Judges whether downloads are whole by the lines that a batch says it has, where nothing tells how long its results are.
 * The provider's word is believed at first; where the same lines came twice, to the end of a line, it is wrong about it.
 */
export class LineCounts {
  readonly #warn: (message: string) => void;
  /** How many lines there were the last time, where those were too few. */
  readonly #seen = new Map<string, number>();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  of(body: ReadableStream<Uint8Array>, expected: ExpectedLines): CountedBody {
    const counter = new LineCounter();
    return {
      body: body.pipeThrough(counter.stream),
      size: {
        bytes: null,
        requireWhole: (_bytes, endsLine) => this.#requireWhole(expected, counter.lines, endsLine),
      },
    };
  }

  /** @throws BatchlineError `download_cut`, retryable */
  #requireWhole({ what, lines, warning }: ExpectedLines, found: number, endsLine: boolean): void {
    if (lines === null || found >= lines) return;
    const before = this.#seen.get(what);
    this.#seen.set(what, found);
    if (before !== found || !endsLine || found === 0) throw cut(what, found, lines);
    this.#warn(warning(found, lines));
  }
}

/** Counts the lines of what flows through it; an empty line is none. */
class LineCounter {
  #ended = 0;
  /** Bytes of the line that has not ended yet. */
  #begun = 0;

  readonly stream = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      let start = 0;
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
        if (this.#begun + end - start > 0) this.#ended += 1;
        this.#begun = 0;
        start = end + 1;
      }
      this.#begun += chunk.length - start;
      controller.enqueue(chunk);
    },
  });

  get lines(): number {
    return this.#ended + (this.#begun > 0 ? 1 : 0);
  }
}

const lineFeed = 0x0a;

function cut(what: string, found: number, expected: number): BatchlineError {
  const message = `the download of ${what} was cut: it ended after ${found} of ${expected} lines`;
  return new BatchlineError('download_cut', message, { retryable: true });
}
