/** How long to wait, in milliseconds. */
export interface Patience {
  /** For the check at the start of a run, which a person waits for. */
  readonly check: number;
  /** For an answer to any other small request. */
  readonly answer: number;
  /** For a whole upload and its answer. */
  readonly upload: number;
  /** For the next byte of an upload or download. */
  readonly silence: number;
  /** From an upload's last byte to its answer. */
  readonly intake: number;
}

const minute = 60_000;

export const usualPatience: Patience = {
  check: minute / 4,
  answer: minute,
  upload: 60 * minute,
  silence: minute,
  intake: 10 * minute,
};
