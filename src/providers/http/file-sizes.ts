import { BatchlineError } from '../../core/errors.ts';

/** What is known of how long a file should be. */
export interface ExpectedSize {
  /** What the server says the file holds; null where it does not say. */
  readonly bytes: number | null;
  /** Whether a body of so many bytes is the whole file; it ends in a line feed or does not. */
  requireWhole(bytes: number, endsLine: boolean): void;
}

/**
 * Judges how long downloads are. The provider's word is believed at first; where a file differs from it twice and is
 * whole by its own signs, the provider is wrong about it: some count in other units, or before they have finished.
 */
export class FileSizes {
  readonly #warn: (message: string) => void;
  /** How long a file was the last time, where that was not as long as the provider says. */
  readonly #seen = new Map<string, number>();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** @param stated the length that came with the body; null where none did */
  of(fileId: string, expected: number | null, stated: number | null): ExpectedSize {
    return {
      bytes: expected,
      requireWhole: (bytes, endsLine) => {
        if (expected === null || expected === 0 || bytes === expected) return;
        const before = this.#seen.get(fileId);
        this.#seen.set(fileId, bytes);
        const isWhole = bytes > 0 && (bytes === stated || (endsLine && bytes === before));
        if (before === undefined || !isWhole) throw downloadCut(fileId, bytes, expected);
        this.#warn(
          `File ${fileId} holds ${bytes} bytes, not ${expected} as the provider says; it is whole and was taken.`,
        );
      },
    };
  }
}

function downloadCut(fileId: string, bytes: number, expected: number): BatchlineError {
  const message = `the download of file ${fileId} was cut: it ended after ${bytes} of ${expected} bytes`;
  return new BatchlineError('download_cut', message, { retryable: true });
}

/** A response's own length; null where it names none, or none of what the body was before it was packed. */
export function statedLength({ headers }: Response): number | null {
  const length = headers.get('content-length');
  return length === null || headers.has('content-encoding') ? null : Number(length);
}
