import type { Blame } from '../core/blame.ts';

export type FailureStage = 'render' | 'request' | 'answer' | 'load';

/** A row that failed for good. */
export interface FailedRow {
  readonly customId: string;
  readonly key: readonly string[];
  readonly stage: FailureStage;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly chunk: number | null;
  readonly batchId: string | null;
  readonly requestHash: string | null;
  /** The request line as it was sent, or would have been. */
  readonly request: string | null;
  /** The row's where it is left out: then it is remembered, and not sent again by the next run. */
  readonly blame?: Blame;
  /** Of a follower the custom_id of its leader. */
  readonly sameAs?: string | null;
}
