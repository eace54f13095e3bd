/** Bytes of a file, from `at` on. */
export interface BytePlace {
  readonly at: number;
  readonly bytes: number;
}

/** A row that is to be sent again. Its lines stand in `chunk`'s files. */
export interface UnfinishedRow {
  readonly customId: string;
  readonly chunk: number;
  /** Index of its line in the chunk's files, from 0. */
  readonly line: number;
  /** Responses that the provider returned for it so far. */
  readonly attempts: number;
  readonly submissions: number;
  readonly code: string;
  readonly message: string;
  /** When it failed for the first time in a way that is retried; milliseconds since 1970. */
  readonly since: number;
  /** Where `chunk`'s output file has the invalid answer that it is to be asked about; null: it is just sent again. */
  readonly answer: BytePlace | null;
  /** Whether its line asks about an answer, so that it is not the one that was first sent. */
  readonly isReasking: boolean;
}

/** The code of rows whose file was too large to be sent; they leave again at once. */
export const supersededCode = 'superseded';

/** The rows of a run that wait to be sent again. */
export interface RetryQueue {
  readonly count: number;
  /** When the first of them failed; null where there are none. */
  readonly oldest: number | null;
  /** Whether some were never sent, their file having been too large. */
  readonly hasSuperseded: boolean;
}
