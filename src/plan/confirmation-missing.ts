import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError } from '../core/errors.ts';

export interface MissingConfirmation {
  readonly question: string;
  /** What ends the run where the answer is no, or nobody is there to give it. */
  readonly error: BatchlineError;
}

/** @param usd what a run is expected to cost; null where that is unknown */
export function confirmationMissing(
  { path }: LoadedPipeline,
  usd: number | null,
  most: number,
): MissingConfirmation {
  const cost =
    usd === null
      ? 'What this run will cost is not known'
      : `This run is expected to cost $${usd.toFixed(2)}, which is more than $${most.toFixed(2)}`;
  return {
    question: `${cost}. Send it?`,
    error: new BatchlineError('unconfirmed', `${cost}; nothing was sent.`, {
      where: 'budget.confirm_above',
      hint: `To send it, agree by: pipeline run ${path} --yes. It goes on with the files that are made already.`,
      exitCode: 4,
    }),
  };
}
