/** How long to wait, in milliseconds. */
export interface Patience {
  /** For the check at the start of a run, which a person waits for. */
  readonly check: number;
  /** For any other small request to be answered. */
  readonly answer: number;
  /** For all of such an answer, however slowly it comes. */
  readonly whole: number;
  /** For a whole synchronous answer of a tier that takes its time. */
  readonly slow: number;
  /** For a whole upload and its answer. */
  readonly upload: number;
  /** For the next byte of an upload or of any answer. */
  readonly silence: number;
  /** From an upload's last byte to its answer. */
  readonly intake: number;
}

const minute = 60_000;

export const usualPatience: Patience = {
  check: minute / 4,
  answer: minute,
  whole: 10 * minute,
  slow: 15 * minute,
  upload: 60 * minute,
  silence: minute,
  intake: 10 * minute,
};
