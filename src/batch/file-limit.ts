/** The limit that a file is over, so that it is never sent as it is. */
export interface FileLimit {
  /** Of enqueued tokens, or of the file's bytes. */
  readonly of: 'tokens' | 'bytes';
  readonly limit: number;
  /** What one row may have of it, as estimated; null where the limit is a guess, for which no row fails. */
  readonly largestRow: number | null;
}
